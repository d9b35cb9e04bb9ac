"""The command `projektor`, and what every command line shares."""
