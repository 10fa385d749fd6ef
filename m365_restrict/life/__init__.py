"""What follows a case from its first day to its deletion: what is due, who is reminded, what is gone."""
