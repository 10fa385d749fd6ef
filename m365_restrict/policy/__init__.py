"""What the council's policy allows: profiles and the checks that accept or refuse a case. Pure."""
