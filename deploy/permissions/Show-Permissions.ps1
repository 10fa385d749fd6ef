<#
.SYNOPSIS
    Prints what an application of m365-restrict holds, what it lacks and what is too much. Changes nothing.

.DESCRIPTION
    Compares with permissions.psd1: the application permissions that are consented to, its role on each site,
    its credentials with their ends, and with -Exchange its role group and mailbox roles with their scopes. A
    permission that Exchange is to give and that is consented to in Entra ID is too much: it reaches every mailbox.
    `m365-restrict doctor` looks at the same from inside, as the application itself.

.PARAMETER TenantId
    The tenant (GUID). The script stops if you are signed in to another.

.PARAMETER Application
    reader, writer or setup.

.PARAMETER ApplicationId
    The client id.

.PARAMETER Site
    The sites that hold the lists: host:/sites/name as in REGISTER__SITE, or a site id.

.PARAMETER For
    What the settings need beside what is always needed, as for the New- script.

.PARAMETER Optional
    Permissions that may be left out and are wanted, by name.

.PARAMETER Exchange
    Look into Exchange as well.

.PARAMETER Mailbox
    With -Exchange: mailboxes to try, such as a councillor's, which must be in scope, and another, which must not.

.EXAMPLE
    ./Show-Permissions.ps1 -TenantId $tenant -Application reader -ApplicationId $client -Site $site -Exchange

    Prints one line for each grant.

.NOTES
    Needs roles that may read only: Global Reader in Entra ID, View-Only Organization Management in Exchange. To
    read grants on sites SharePoint wants an administrator.
#>
#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications, Microsoft.Graph.Sites
[CmdletBinding()]
param(
    [Parameter(Mandatory)]
    [string]$TenantId,

    [Parameter(Mandatory)]
    [ValidateSet('reader', 'writer', 'setup')]
    [string]$Application,

    [Parameter(Mandatory)]
    [string]$ApplicationId,

    [string[]]$Site = @(),

    [ValidateSet('mail_flow', 'inbox_rules', 'notify', 'create_folders')]
    [string[]]$For = @('mail_flow'),

    [string[]]$Optional = @(),

    [switch]$Exchange,

    [string[]]$Mailbox = @()
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'Permissions.Functions.ps1')

$rows = @(Get-PermissionTable -Application $Application)
$needed = Select-NeededRow -Rows $rows -For $For -Optional $Optional
Connect-Graph -TenantId $TenantId -Scopes @('Application.Read.All', 'Sites.FullControl.All')
$principal = Find-Principal -ApplicationId $ApplicationId
if (-not $principal) { throw "There is no enterprise application of $ApplicationId in this tenant." }

$names = @{}
foreach ($id in $resourceIds.Values) {
    $service = Find-Principal -ApplicationId $id
    foreach ($role in $service.AppRoles) { $names["$($service.Id) $($role.Id)"] = $role.Value }
}
$held = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All | ForEach-Object {
        $key = "$($_.ResourceId) $($_.AppRoleId)"
        if ($names.ContainsKey($key)) { $names[$key] } else { "unknown role $($_.AppRoleId)" }
    })
$consented = @($needed | Where-Object { $_.Scope -ne 'exchange' } | ForEach-Object { $_.Permission })
foreach ($one in $consented) {
    $state = if ($held -contains $one) { 'held' } else { 'LACKS' }
    Write-Output "${state}: $one"
}
foreach ($one in @($held | Where-Object { $consented -notcontains $_ })) {
    $byExchange = @($rows | Where-Object { $_.Scope -eq 'exchange' -and $_.Permission -eq $one }).Count -gt 0
    $why = if ($byExchange) { 'consented to, so it reaches every mailbox' } else { 'nothing here needs it' }
    Write-Output "TOO MUCH: $one ($why)"
}

foreach ($one in $Site) {
    $found = Get-MgSite -SiteId $one
    $roles = @(Find-SiteGrant -SiteId $found.Id -ApplicationId $ApplicationId | ForEach-Object { $_.Roles })
    Write-Output "site $($found.WebUrl): $(if ($roles) { $roles -join ', ' } else { 'no role' })"
}

$registration = Find-Registration -ApplicationId $ApplicationId
if ($registration) {
    foreach ($one in @($registration.KeyCredentials | Where-Object { $_ })) {
        Write-Output "certificate: $($one.DisplayName), ends $($one.EndDateTime)"
    }
    foreach ($one in @($registration.PasswordCredentials | Where-Object { $_ })) {
        Write-Output "SECRET: $($one.DisplayName), ends $($one.EndDateTime); use a certificate"
    }
    foreach ($one in @(Get-MgApplicationFederatedIdentityCredential -ApplicationId $registration.Id -All)) {
        Write-Output "federated credential: $($one.Subject) of $($one.Issuer)"
    }
}

if ($Exchange) {
    Connect-Exchange
    $group = "$ourName $Application"
    if (Find-ByIdentity -Found @(Get-RoleGroup) -Name $group) {
        $held = @(Get-ManagementRoleAssignment -RoleAssignee $group -Delegating $false)
        $roles = @($held | ForEach-Object { $_.Role })
        Write-Output "role group ${group}: $($roles -join ', ')"
    }
    else {
        Write-Output "role group ${group}: not there"
    }
    $known = Get-ServicePrincipal | Where-Object { $_.AppId -eq $ApplicationId } | Select-Object -First 1
    if (-not $known) {
        Write-Output 'Exchange does not know the application.'
        return
    }
    foreach ($one in @(Get-ManagementRoleAssignment -RoleAssignee $known.Identity)) {
        $scope = Find-ByIdentity -Found @(Get-ManagementScope) -Name ([string]$one.CustomResourceScope)
        $filter = if ($scope) { $scope.RecipientFilter } else { 'EVERY MAILBOX' }
        Write-Output "mailbox role $($one.Role): $filter"
    }
    foreach ($one in $Mailbox) {
        $answers = Test-ServicePrincipalAuthorization -Identity $ApplicationId -Resource $one
        foreach ($answer in @($answers)) {
            Write-Output "${one}: $($answer.RoleName), in scope: $($answer.InScope)"
        }
    }
}
