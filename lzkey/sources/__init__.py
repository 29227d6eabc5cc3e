"""KMS keys from wherever they are described: files, templates, plans, snapshots, or the live account."""
