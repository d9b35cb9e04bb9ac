"""Every sentence that a person reads about a result, for terminal, page and service alike."""
