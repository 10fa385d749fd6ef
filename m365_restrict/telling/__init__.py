"""Telling the register and the people concerned what a run found: notes in the lists, and mails."""
