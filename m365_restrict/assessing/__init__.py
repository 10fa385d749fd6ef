"""Verbs for the first days: assess what stands, import a rule as a draft, adopt it, or give it up."""
