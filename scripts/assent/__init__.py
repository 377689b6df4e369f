"""Assent: model promotions by pull request, for Amazon SageMaker's Model Registry."""

__version__ = "0.1.0"
