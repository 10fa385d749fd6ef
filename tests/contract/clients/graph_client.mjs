// Microsoft's JavaScript client of Graph with @azure/identity against the sandbox. Prints what it saw as JSON.
// The environment has BASE, TENANT, CLIENT_ID, CLIENT_SECRET, SITE, LIST, MAILBOX, RECIPIENT, NODE_EXTRA_CA_CERTS.
import { ClientSecretCredential } from "@azure/identity";
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from
  "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const env = process.env;
const credential = new ClientSecretCredential(env.TENANT, env.CLIENT_ID, env.CLIENT_SECRET, {
  authorityHost: env.BASE,
  disableInstanceDiscovery: true,
});
const authProvider = new TokenCredentialAuthenticationProvider(credential, {
  scopes: ["https://graph.microsoft.com/.default"],
});
const graph = Client.initWithMiddleware({
  authProvider,
  baseUrl: `${env.BASE}/`,
  customHosts: new Set(["localhost"]),
});

const seen = {};
const site = await graph.api(`/sites/${env.SITE}`).get();
const lists = await graph.api(`/sites/${site.id}/lists`).select("id,displayName").get();
seen.lists = lists.value.map((one) => one.displayName).sort();
const items = `/sites/${site.id}/lists/${lists.value.find((one) => one.displayName === env.LIST).id}/items`;

seen.items = [];
const first = await graph.api(items).expand("fields($select=Title,Status)").top(3).get();
await new PageIterator(graph, first, (item) => seen.items.push(item.fields.Title) > 0).iterate();
seen.items.sort();
const version = await graph.api(`${items}/2/versions`).expand("fields").get();
seen.versions = version.value.length;

const rules = `/users/${env.MAILBOX}/mailFolders/inbox/messageRules`;
const made = await graph.api(rules).post({
  displayName: "From JavaScript",
  sequence: 1,
  isEnabled: true,
  conditions: { fromAddresses: [{ emailAddress: { name: "X", address: "x@post.example" } }] },
  actions: { markAsRead: true, stopProcessingRules: true },
});
await graph.api(`${rules}/${made.id}`).patch({ isEnabled: false });
const listed = await graph.api(rules).get();
seen.rules = listed.value.map((rule) => [rule.displayName, rule.isEnabled]);

// The library takes off the host alone, and the addresses in a batch begin after the version.
const batch = new BatchRequestContent([
  { id: "1", request: new Request(`${env.BASE}${rules}`, { method: "GET" }) },
  { id: "2", request: new Request(`${env.BASE}/users/nobody@ash.example`, { method: "GET" }) },
]);
const answers = new BatchResponseContent(await graph.api("/$batch").post(await batch.getContent()));
seen.batch = [answers.getResponseById("1").status, answers.getResponseById("2").status];
await graph.api(`${rules}/${made.id}`).delete();
seen.left = (await graph.api(rules).get()).value.length;

await graph.api(`/users/${env.MAILBOX}/sendMail`).post({
  message: {
    subject: "From JavaScript",
    body: { contentType: "text", content: "Hello." },
    toRecipients: [{ emailAddress: { address: env.RECIPIENT } }],
  },
  saveToSentItems: false,
});
seen.sent = true;
try {
  await graph.api("/users/nobody@ash.example").get();
} catch (error) {
  seen.refused = [error.statusCode, error.code];
}
console.log(JSON.stringify(seen));
