"""What an engineer would write: msgraph-sdk's typed models, one call after another.

It reads what a run needs to know (lists with the versions of each item, who is who, the rules of each
mailbox that has a choice) and remembers nothing. What Graph does not have is asked of Exchange's endpoint.

Usage: python reference_sdk.py, with client.env's lines as the environment
"""

import asyncio
import os
from urllib.parse import urlsplit

import httpx
from azure.identity.aio import ClientSecretCredential
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph import GraphServiceClient
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.generated.sites.item.lists.item.items.item.versions.versions_request_builder import (
    VersionsRequestBuilder,
)
from msgraph.generated.sites.item.lists.item.items.items_request_builder import ItemsRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter

LISTS = ("Restricted contacts", "Restriction reviews", "Councillor mail choices")


def setting(name: str) -> str:
    return os.environ[f"M365_RESTRICT_{name}"]


async def everything(builder, configuration=None):
    """All pages."""
    page = await builder.get(request_configuration=configuration)
    found = list(page.value)
    while page.odata_next_link:
        page = await builder.with_url(page.odata_next_link).get()
        found += page.value
    return found


async def read_list(graph, site_id: str, title: str) -> list:
    a_list = graph.sites.by_site_id(site_id).lists.by_list_id(title)
    await a_list.get()
    await everything(a_list.columns)
    fields = ItemsRequestBuilder.ItemsRequestBuilderGetQueryParameters(expand=["fields"])
    items = await everything(
        a_list.items, ItemsRequestBuilder.ItemsRequestBuilderGetRequestConfiguration(query_parameters=fields)
    )
    every = VersionsRequestBuilder.VersionsRequestBuilderGetQueryParameters(expand=["fields"])
    for item in items:
        versions = a_list.items.by_list_item_id(item.id).versions
        await everything(
            versions,
            VersionsRequestBuilder.VersionsRequestBuilderGetRequestConfiguration(query_parameters=every),
        )
    return items


async def read_people(graph, group: str) -> None:
    named = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(filter=f"mail eq '{group}'")
    groups = await everything(
        graph.groups, GroupsRequestBuilder.GroupsRequestBuilderGetRequestConfiguration(query_parameters=named)
    )
    await everything(graph.groups.by_group_id(groups[0].id).transitive_members)
    for approver in setting("POLICY__APPROVERS").split(","):
        await graph.users.by_user_id(approver).get()


async def read_mailbox(graph, mailbox: str) -> None:
    folders = graph.users.by_user_id(mailbox).mail_folders
    await everything(folders)
    await folders.by_mail_folder_id("junkemail").get()
    await everything(folders.by_mail_folder_id("inbox").message_rules)


async def exchange(client: httpx.AsyncClient, credential, cmdlet: str, **parameters) -> None:
    token = await credential.get_token(setting("EXCHANGE__SCOPE"))
    answer = await client.post(
        f"{setting('EXCHANGE__BASE_URL')}/adminapi/beta/{setting('AUTH__TENANT_ID')}/InvokeCommand",
        json={"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}},
        headers={"Authorization": f"Bearer {token.token}"},
    )
    answer.raise_for_status().json()


async def main() -> None:
    credential = ClientSecretCredential(
        setting("AUTH__TENANT_ID"),
        setting("AUTH__READER__CLIENT_ID"),
        setting("AUTH__READER__CLIENT_SECRET"),
        authority=setting("AUTH__AUTHORITY"),
        disable_instance_discovery=True,
    )
    base = setting("GRAPH__BASE_URL")
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[setting("GRAPH__SCOPE")], allowed_hosts=[urlsplit(base).hostname]
    )
    adapter = GraphRequestAdapter(provider)
    adapter.base_url = base
    graph = GraphServiceClient(request_adapter=adapter)
    site = await graph.sites.by_site_id(setting("REGISTER__SITE").strip("/")).get()
    lists = [await read_list(graph, site.id, title) for title in LISTS]
    await read_people(graph, setting("POLICY__COUNCILLORS_GROUP"))
    creators = [item.created_by.user for item in lists[2] if item.created_by.user]
    holders = sorted({user.additional_data["email"] for user in creators})
    async with httpx.AsyncClient(timeout=100) as client:
        for cmdlet in ("Get-AcceptedDomain", "Get-TransportConfig", "Get-TransportRule"):
            await exchange(client, credential, cmdlet)
        for holder in holders:
            await exchange(client, credential, "Get-Recipient", Identity=holder)
    for holder in holders:
        await read_mailbox(graph, holder)
    await credential.close()


asyncio.run(main())
