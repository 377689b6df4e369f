"""What a bundle says of itself to whoever opens it."""

__all__ = ["README"]

README = """\
This is the trail of model promotions, as Assent read and judged it: who approved which model
version on which evidence, when it took effect, and what it changed.

To verify it, with no network, no GitHub and no AWS:

    assent verify BUNDLE.zip

It recomputes every digest and every id, and judges the whole trail again. 0 means whole, 10 that
it names gaps, 1 that this is not a bundle as it was written. Then compare the anchors that it
prints (also in manifest.json, "anchors") with a source that you trust: a clone of your own, a
screenshot of the branch, the bucket with Object Lock. And compare the digest of the bundle itself
(the line "bundle") with the one that you were told when it was made: whoever makes a bundle anew
can leave out what proves nothing and might contradict it, such as the commits that were approved.

What is in it

    manifest.json         what the bundle is about, its anchors, the SHA-256 of every other file;
                          "digest" is the SHA-256 of manifest.json itself without that field;
                          "absent" names the commits that were approved and that the clone did not
                          have any more, so that what they held was not judged
    receipts/ENV/...      the receipts of each environment: numbered, each naming the SHA-256 of
                          the one before it ("predicate.previous"); head.json names the last
    records/ID.yaml       the promotion records: ID is git's id of the file
    git/ID.commit, .tree  git's own objects: the commits of main from its head to the first, and the
                          trees that lead from them to the records; the same for the receipts
    git/ID.blob           other files of git that were looked at
    assent.yaml           the configuration at main's head
    state/parameters.json what Parameter Store held, name by name
    state/registry.json   what the Model Registry said of each version
    schemas/              the form of records and receipts

By hand, without Assent

    git's id of a record:   git hash-object records/ID.yaml
    of a commit or tree:    git hash-object -t commit git/ID.commit
    a receipt's digest:     sha256sum receipts/ENV/000/000001.json; the next one names it
    a record's place:       a commit names its tree; git ls-tree shows what a tree holds, after
                            git hash-object -w -t tree git/ID.tree in an empty repository
    a record's evidence:    "evidence.digest" is the SHA-256 of the canonical JSON (RFC 8785) of
                            {"package": ..., "evidence": ...} without the field digest

What it cannot prove

    That GitHub said what the receipts record of reviews: they were read by the run that wrote the
    receipt. The receipts' commits are signed by GitHub: git verify-commit on the receipts branch.
    That nothing came after: compare the anchors with the branches as they are.
    That registry and Parameter Store held what state/ says: it is what this run read.
"""
