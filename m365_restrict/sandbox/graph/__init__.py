"""The sandbox's Microsoft Graph v1.0: sites and lists, users and groups, mailboxes and inbox rules."""
