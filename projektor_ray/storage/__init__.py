"""What lies on disk: schemas, folders, ledgers, the lease, hashes and settings files."""
