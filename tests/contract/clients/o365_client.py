"""python O365 against the sandbox: a client of Graph that we did not write. Prints what it saw as JSON.

The environment has BASE, TENANT, CLIENT_ID, CLIENT_SECRET, SITE, LIST, MAILBOX and RECIPIENT. The library
goes to Microsoft's own addresses; its two places for others are the protocol and MSAL's authority.
"""

import json
import os
import sys

from msal import ConfidentialClientApplication
from O365 import Account
from O365.connection import MSGraphProtocol
from O365.utils.token import MemoryTokenBackend


class SandboxProtocol(MSGraphProtocol):
    """Graph v1.0 at the sandbox's address."""

    _protocol_url = f"{os.environ['BASE']}/"


def main() -> int:
    """Log in, read lists, write an item, read folders, send mail."""
    env = os.environ
    credentials = (env["CLIENT_ID"], env["CLIENT_SECRET"])
    account = Account(
        credentials,
        auth_flow_type="credentials",
        tenant_id=env["TENANT"],
        protocol=SandboxProtocol(timezone="UTC"),
        token_backend=MemoryTokenBackend(),
    )
    account.con._msal_client = ConfidentialClientApplication(
        client_id=credentials[0],
        client_credential=credentials[1],
        authority=f"{env['BASE']}/{env['TENANT']}",
        instance_discovery=False,
        token_cache=account.con.token_backend,
    )
    seen: dict[str, object] = {"signed_in": account.authenticate()}
    host, _, path = env["SITE"].partition(":")
    site = account.sharepoint().get_site(host, path)
    seen["lists"] = sorted(one.display_name for one in site.get_lists())
    known = site.get_list_by_name(env["LIST"])
    items = list(known.get_items(expand_fields=True, limit=500, batch=3))
    seen["items"] = sorted(item.fields["Title"] for item in items)
    made = known.create_list_item({"Title": "RC-960"})
    made.update_fields({"Title": "RC-961"})
    made.save_updates()
    seen["written"] = known.get_item_by_id(made.object_id, expand_fields=True).fields["Title"]
    seen["deleted"] = made.delete()
    folders = account.mailbox(resource=env["MAILBOX"]).get_folders()
    seen["folders"] = sorted(folder.name for folder in folders)
    message = account.new_message(resource=env["MAILBOX"])
    message.to.add(env["RECIPIENT"])
    message.subject, message.body = "From python O365", "Hello."
    seen["sent"] = message.send(save_to_sent_folder=False)
    sys.stdout.write(json.dumps(seen) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
