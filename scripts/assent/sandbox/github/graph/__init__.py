"""What GitHub's GraphQL API reads of a repository: its schema, and the resolvers behind it."""
