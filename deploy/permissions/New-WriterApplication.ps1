<#
.SYNOPSIS
    Registers the writer application of m365-restrict and grants it exactly what permissions.psd1 says.

.DESCRIPTION
    The writer writes rules, notes and mails.
    Makes the registration where it is not there, has it sign in by the way that is given, consents to its
    application permissions, and grants it its role on each site. What Exchange has to give is not consented to
    here, because a consent would reach every mailbox: the Grant- script does that.

    It may be run again: what is there already is said and left. -WhatIf shows what would be done.
    Undo: Remove-WriterApplication.ps1.

.PARAMETER TenantId
    The tenant (GUID). The script stops if you are signed in to another.

.PARAMETER Site
    The sites that hold the lists: host:/sites/name as in REGISTER__SITE, or a site id. The register's, and the
    choices' if that is another.

.PARAMETER DisplayName
    The name of the registration.

.PARAMETER ApplicationId
    The client id of a registration that is there already, in place of its name.

.PARAMETER ManagedIdentityObjectId
    The object id of a managed identity. It gets the grants, and no application is registered: nothing to keep.

.PARAMETER Issuer
    With -Subject: the application trusts tokens of this issuer, such as a Kubernetes cluster's, and keeps no key.
    For a managed identity that stands for the application the issuer is
    https://login.microsoftonline.com/TENANT/v2.0 and the subject its object id.

.PARAMETER Subject
    Whom that issuer's tokens must name.

.PARAMETER CertificatePath
    A public certificate (.cer). It is added beside those that are there, so that one can follow another.

.PARAMETER AllowSecret
    Make a client secret, shown once, and warn. A secret can be copied and used from anywhere.

.PARAMETER SecretDays
    How long that secret lasts, at most 180 days.

.PARAMETER For
    What the settings need beside what is always needed: mail_flow unless ENFORCE_WITH=inbox_rules; notify where
    NOTIFY__SENDER is set; create_folders where CHOICES__CREATE_FOLDER is.

.PARAMETER Optional
    Permissions that may be left out and are wanted, by name (docs/permissions.md). They cannot be limited to
    mailboxes, so each must be named.

.EXAMPLE
    ./New-WriterApplication.ps1 -TenantId $tenant -Site $site -CertificatePath ./writer.cer -WhatIf

    Shows what would be made and granted.

.EXAMPLE
    ./New-WriterApplication.ps1 -TenantId $tenant -Site $site -ManagedIdentityObjectId $identity

    Grants it to a managed identity: no registration, no key.

.NOTES
    Needs the Entra role Privileged Role Administrator (or Global Administrator), and the modules
    Microsoft.Graph.Authentication, Microsoft.Graph.Applications and Microsoft.Graph.Sites.
#>
#Requires -Version 7.2
#Requires -Modules Microsoft.Graph.Authentication, Microsoft.Graph.Applications, Microsoft.Graph.Sites
[CmdletBinding(SupportsShouldProcess, DefaultParameterSetName = 'Certificate')]
param(
    [Parameter(Mandatory)]
    [string]$TenantId,

    [Parameter(Mandatory)]
    [string[]]$Site,

    [string]$DisplayName = 'm365-restrict writer',

    [string]$ApplicationId = '',

    [ValidateSet('mail_flow', 'notify', 'create_folders')]
    [string[]]$For = @('mail_flow'),

    [string[]]$Optional = @(),

    [Parameter(ParameterSetName = 'ManagedIdentity', Mandatory)]
    [string]$ManagedIdentityObjectId,

    [Parameter(ParameterSetName = 'Federated', Mandatory)]
    [string]$Issuer,

    [Parameter(ParameterSetName = 'Federated', Mandatory)]
    [string]$Subject,

    [Parameter(ParameterSetName = 'Certificate', Mandatory)]
    [string]$CertificatePath,

    [Parameter(ParameterSetName = 'Secret', Mandatory)]
    [switch]$AllowSecret,

    [Parameter(ParameterSetName = 'Secret')]
    [ValidateRange(1, 180)]
    [int]$SecretDays = 90
)

. (Join-Path -Path $PSScriptRoot -ChildPath 'Permissions.Functions.ps1')

$application = 'writer'
$rows = Select-NeededRow -Rows (Get-PermissionTable -Application $application) -For $For -Optional $Optional
$scopes = @('Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'Sites.FullControl.All')
Connect-Graph -TenantId $TenantId -Scopes $scopes

if ($PSCmdlet.ParameterSetName -eq 'ManagedIdentity') {
    $principal = Get-MgServicePrincipal -ServicePrincipalId $ManagedIdentityObjectId
}
else {
    $registration = New-Registration -ApplicationId $ApplicationId -DisplayName $DisplayName
    if (-not $registration) {
        Write-Output "Then: sign-in by $($PSCmdlet.ParameterSetName), and $(@($rows.Permission) -join ', ')."
        return
    }
    switch ($PSCmdlet.ParameterSetName) {
        'Certificate' { Add-Certificate -Registration $registration -CertificatePath $CertificatePath }
        'Federated' { Add-FederatedCredential -Registration $registration -Issuer $Issuer -Subject $Subject }
        'Secret' {
            if ($AllowSecret) { Add-Secret -Registration $registration -Days $SecretDays }
        }
    }
    $principal = Find-Principal -ApplicationId $registration.AppId
    if (-not $principal) { return }
}

Grant-Application -Principal $principal -Rows $rows -Site $Site

Write-Output ''
Write-Output "AUTH__WRITER__CLIENT_ID=$($principal.AppId)"
Write-Output "Next: ./Grant-WriterInExchange.ps1 -ApplicationId $($principal.AppId) -ObjectId $($principal.Id)"
