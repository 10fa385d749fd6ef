"""What blocks stand in a tenant on the first day, and how one becomes a case or a rule of ours. Pure."""
