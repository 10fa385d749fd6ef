<#
.SYNOPSIS
    Takes back everything that New-SetupApplication.ps1 grants, and deletes the application if you say so.

.DESCRIPTION
    Takes the setup application's roles on the sites back, then every application permission that permissions.psd1
    names for it, the broader ones that also do among them. Other permissions are left, and
    Show-Permissions.ps1 names them. With -DeleteApplication the registration goes, and its credentials with it;
    Entra ID can restore it for 30 days.

    It may be run again: what is gone is passed over. -WhatIf shows what would be done.

.PARAMETER TenantId
    The tenant (GUID). The script stops if you are signed in to another.

.PARAMETER ApplicationId
    The client id, as in AUTH__SETUP__CLIENT_ID; of a managed identity its client id.

.PARAMETER Site
    The sites that hold the lists: host:/sites/name as in REGISTER__SITE, or a site id. The register's, and the
    choices' if that is another.

.PARAMETER DeleteApplication
    Delete the registration as well. A managed identity has none: delete it in Azure.

.PARAMETER Issuer
    With -Subject: take back the trust in this issuer's tokens alone, as it was given with -Issuer and -Subject,
    and leave everything else. With -DeleteApplication every such trust goes without it.

.PARAMETER Subject
    Whom that issuer's tokens name, letter by letter.

.EXAMPLE
    ./Remove-SetupApplication.ps1 -TenantId $tenant -ApplicationId $client -Site $site -DeleteApplication -WhatIf

    Shows what would be taken back.

.NOTES
    Needs the Entra role Privileged Role Administrator (or Global Administrator).
#>
#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications, Microsoft.Graph.Sites
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Everything')]
param(
    [Parameter(Mandatory)]
    [string]$TenantId,

    [Parameter(Mandatory)]
    [string]$ApplicationId,

    [Parameter(ParameterSetName = 'Everything')]
    [string[]]$Site = @(),

    [Parameter(ParameterSetName = 'Everything')]
    [switch]$DeleteApplication,

    [Parameter(ParameterSetName = 'Trust', Mandatory)]
    [string]$Issuer,

    [Parameter(ParameterSetName = 'Trust', Mandatory)]
    [string]$Subject
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'Permissions.Functions.ps1')

$application = 'setup'
$rows = @(Get-PermissionTable -Application $application)
$scopes = @('Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'Sites.FullControl.All')
Connect-Graph -TenantId $TenantId -Scopes $scopes

if ($PSCmdlet.ParameterSetName -eq 'Trust') {
    $registration = Find-Registration -ApplicationId $ApplicationId
    if (-not $registration) { throw "There is no registration of $ApplicationId in this tenant." }
    Remove-FederatedCredential -Registration $registration -Issuer $Issuer -Subject $Subject
    return
}

Revoke-Application -ApplicationId $ApplicationId -Rows $rows -Site $Site

if ($DeleteApplication) {
    $registration = Find-Registration -ApplicationId $ApplicationId
    if ($registration) {
        Remove-Registration -Registration $registration
    }
    else {
        Write-Output "There is no registration of $ApplicationId in this tenant."
    }
}
