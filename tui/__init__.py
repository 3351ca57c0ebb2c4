"""What a person types and looks at: the command line."""
