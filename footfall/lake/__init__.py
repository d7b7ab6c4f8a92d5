"""The lake: zones, storage, the file ledger, and the events table."""
