"""What the command line shares: exit codes, talking, files; and one module per verb that needs more than a few lines."""
