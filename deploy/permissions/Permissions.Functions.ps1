# What the scripts of this folder share; each of them reads it. It grants nothing by itself.
#
# permissions.psd1 says what each application needs. Nothing here names a permission of its own, so what is
# granted, what is taken back and what `m365-restrict doctor` judges by cannot differ.

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$ourName = 'm365-restrict'
$resourceIds = @{
    'graph'    = '00000003-0000-0000-c000-000000000000'
    'exchange' = '00000002-0000-0ff1-ce00-000000000000'
}

# ---- The table -----------------------------------------------------------------------------------------------

function Get-PermissionTable {
    # The rows of one application.
    param([string]$Application)
    $file = Join-Path -Path $PSScriptRoot -ChildPath 'permissions.psd1'
    $data = Import-PowerShellDataFile -Path $file
    return @($data.Permissions | Where-Object { $_.Application -eq $Application })
}

function Select-NeededRow {
    # The rows that these settings give rise to. An optional permission must be named.
    param([object[]]$Rows, [string[]]$For, [string[]]$Optional)
    $unknown = @($Optional | Where-Object { $_ -and @($Rows.Permission) -notcontains $_ })
    if ($unknown.Count -gt 0) {
        throw "permissions.psd1 has no optional permission $($unknown -join ', ') for this application."
    }
    return @($Rows | Where-Object {
            $_.Needed -eq 'always' -or $For -contains $_.Needed -or $Optional -contains $_.Permission
        })
}

# ---- Microsoft Entra ID --------------------------------------------------------------------------------------

function Connect-Graph {
    # Sign in to the named tenant, and to no other.
    param([string]$TenantId, [string[]]$Scopes)
    Connect-MgGraph -TenantId $TenantId -Scopes $Scopes -NoWelcome
    $context = Get-MgContext
    if ($context.TenantId -ne $TenantId) {
        throw "You are signed in to the tenant $($context.TenantId), not to $TenantId. Nothing was changed."
    }
}

function Find-Registration {
    # The application registration by its client id, or by its name where that is given to one alone.
    param([string]$ApplicationId, [string]$DisplayName)
    if ($ApplicationId) {
        return Get-MgApplication -Filter "appId eq '$ApplicationId'" | Select-Object -First 1
    }
    $escaped = $DisplayName.Replace("'", "''")
    $found = @(Get-MgApplication -Filter "displayName eq '$escaped'" -All)
    if ($found.Count -gt 1) {
        throw "There are $($found.Count) applications named '$DisplayName'. Give -ApplicationId."
    }
    return $found | Select-Object -First 1
}

function Find-Principal {
    # The enterprise application (service principal) of an application.
    param([string]$ApplicationId)
    return Get-MgServicePrincipal -Filter "appId eq '$ApplicationId'" | Select-Object -First 1
}

function New-Registration {
    # Make the registration and its enterprise application where they are not there. Nothing under -WhatIf.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$ApplicationId, [string]$DisplayName)
    $registration = Find-Registration -ApplicationId $ApplicationId -DisplayName $DisplayName
    if (-not $registration) {
        if ($ApplicationId) { throw "There is no application $ApplicationId in this tenant." }
        if (-not $PSCmdlet.ShouldProcess($DisplayName, 'Register an application')) { return $null }
        $registration = New-MgApplication -DisplayName $DisplayName -SignInAudience 'AzureADMyOrg'
    }
    $principal = Find-Principal -ApplicationId $registration.AppId
    if (-not $principal) {
        if (-not $PSCmdlet.ShouldProcess($DisplayName, 'Make its enterprise application')) { return $null }
        $principal = New-MgServicePrincipal -AppId $registration.AppId
    }
    return $registration
}

function Add-Certificate {
    # Add the public half of a certificate beside those that are there, so that one can follow another.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Registration, [string]$CertificatePath)
    $file = (Resolve-Path -Path $CertificatePath).Path
    $certificate = [System.Security.Cryptography.X509Certificates.X509Certificate2]::new($file)
    if ($certificate.HasPrivateKey) {
        throw "$CertificatePath holds a private key. Give the public certificate alone (.cer)."
    }
    if ($certificate.NotAfter -lt (Get-Date)) {
        throw "The certificate ended on $($certificate.NotAfter)."
    }
    # Their public keys come only if asked for by name, and a write without them would take them away.
    $registered = Get-MgApplication -ApplicationId $Registration.Id -Property 'KeyCredentials'
    $known = @($registered.KeyCredentials | Where-Object { $_ })
    $raw = [Convert]::ToBase64String($certificate.RawData)
    $same = @($known | Where-Object { $_.Key -and [Convert]::ToBase64String($_.Key) -eq $raw })
    if ($same.Count -gt 0) {
        Write-Output "The certificate $($certificate.Thumbprint) is there already."
        return
    }
    $name = "$($certificate.Thumbprint), until $($certificate.NotAfter.ToString('yyyy-MM-dd'))"
    if ($PSCmdlet.ShouldProcess($Registration.DisplayName, "Add the certificate $name")) {
        $added = @{
            Type        = 'AsymmetricX509Cert'
            Usage       = 'Verify'
            Key         = $certificate.RawData
            DisplayName = "$ourName $name"
        }
        Update-MgApplication -ApplicationId $Registration.Id -KeyCredentials @($known + $added) | Out-Null
        Write-Output "Added the certificate $name."
    }
}

function Add-FederatedCredential {
    # Trust tokens of another issuer, such as a managed identity or a Kubernetes service account: no key to keep.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Registration, [string]$Issuer, [string]$Subject)
    $known = @(Get-MgApplicationFederatedIdentityCredential -ApplicationId $Registration.Id -All)
    # Entra ID compares letter by letter, capitals too.
    if (@($known | Where-Object { $_.Issuer -ceq $Issuer -and $_.Subject -ceq $Subject }).Count -gt 0) {
        Write-Output 'The federated credential is there already.'
        return
    }
    $number = 1
    while (@($known.Name) -contains "$ourName-$number") { $number++ }
    if ($PSCmdlet.ShouldProcess($Registration.DisplayName, "Trust $Subject of $Issuer")) {
        $credential = @{
            Name      = "$ourName-$number"
            Issuer    = $Issuer
            Subject   = $Subject
            Audiences = @('api://AzureADTokenExchange')
        }
        New-MgApplicationFederatedIdentityCredential -ApplicationId $Registration.Id -BodyParameter $credential |
            Out-Null
        Write-Output "Trusts $Subject of $Issuer."
    }
}

function Remove-FederatedCredential {
    # Trust them no longer. What else the application holds is left.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Registration, [string]$Issuer, [string]$Subject)
    $known = @(Get-MgApplicationFederatedIdentityCredential -ApplicationId $Registration.Id -All)
    $mine = @($known | Where-Object { $_.Issuer -ceq $Issuer -and $_.Subject -ceq $Subject })
    if ($mine.Count -eq 0) {
        Write-Output "There is no federated credential for $Subject of $Issuer."
    }
    foreach ($one in $mine) {
        if ($PSCmdlet.ShouldProcess($Registration.DisplayName, "Trust $Subject of $Issuer no longer")) {
            $which = @{ ApplicationId = $Registration.Id; FederatedIdentityCredentialId = $one.Id }
            Remove-MgApplicationFederatedIdentityCredential @which
            Write-Output "Trusts $Subject of $Issuer no longer."
        }
    }
}

function Add-Secret {
    # Make a client secret, shown once. It can be copied by whoever sees it: the last resort.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Registration, [int]$Days)
    Write-Warning 'A client secret can be copied and used from anywhere. Use a certificate or a managed identity.'
    if ($PSCmdlet.ShouldProcess($Registration.DisplayName, "Make a secret for $Days days")) {
        $until = (Get-Date).ToUniversalTime().AddDays($Days)
        $asked = @{ DisplayName = "$ourName"; EndDateTime = $until }
        $secret = Add-MgApplicationPassword -ApplicationId $Registration.Id -PasswordCredential $asked
        Write-Output "The secret, which is not shown again, until $($until.ToString('yyyy-MM-dd')):"
        Write-Output $secret.SecretText
    }
}

function Grant-AppRole {
    # Grant one application permission with admin consent, where it is not there.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Principal, [hashtable]$Row)
    $resource = Find-Principal -ApplicationId $resourceIds[$Row.Resource]
    $role = $resource.AppRoles |
        Where-Object { $_.Value -eq $Row.Permission -and $_.AllowedMemberTypes -contains 'Application' } |
        Select-Object -First 1
    if (-not $role) { throw "$($resource.DisplayName) has no application permission $($Row.Permission)." }
    $held = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Principal.Id -All)
    if (@($held | Where-Object { $_.AppRoleId -eq $role.Id -and $_.ResourceId -eq $resource.Id }).Count -gt 0) {
        Write-Output "$($Row.Permission) is granted already."
        return
    }
    if ($PSCmdlet.ShouldProcess($Principal.DisplayName, "Grant $($Row.Permission)")) {
        $grant = @{ PrincipalId = $Principal.Id; ResourceId = $resource.Id; AppRoleId = $role.Id }
        New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Principal.Id -BodyParameter $grant | Out-Null
        Write-Output "Granted $($Row.Permission). $($Row.Why)"
    }
}

function Revoke-AppRole {
    # Take one application permission back.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Principal, [string]$Resource, [string]$Permission)
    $service = Find-Principal -ApplicationId $resourceIds[$Resource]
    $ids = @($service.AppRoles | Where-Object { $_.Value -eq $Permission } | ForEach-Object { $_.Id })
    $held = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $Principal.Id -All |
            Where-Object { $_.ResourceId -eq $service.Id -and $ids -contains $_.AppRoleId })
    foreach ($one in $held) {
        if ($PSCmdlet.ShouldProcess($Principal.DisplayName, "Take back $Permission")) {
            $which = @{ ServicePrincipalId = $Principal.Id; AppRoleAssignmentId = $one.Id }
            Remove-MgServicePrincipalAppRoleAssignment @which
            Write-Output "Took back $Permission."
        }
    }
}

function Remove-Registration {
    # Delete the registration; its enterprise application and credentials go with it. Restorable for 30 days.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Registration)
    if ($PSCmdlet.ShouldProcess($Registration.DisplayName, 'Delete the application')) {
        Remove-MgApplication -ApplicationId $Registration.Id
        Write-Output "Deleted $($Registration.DisplayName)."
    }
}

# ---- SharePoint sites ----------------------------------------------------------------------------------------

function Find-SiteGrant {
    # The grants of an application on a site. The list leaves their roles out, so each is asked for by itself.
    param([string]$SiteId, [string]$ApplicationId)
    foreach ($one in @(Get-MgSitePermission -SiteId $SiteId -All)) {
        $holders = @($one.GrantedToIdentitiesV2) + @($one.GrantedToIdentities)
        $ids = @($holders | Where-Object { $_ -and $_.Application } | ForEach-Object { $_.Application.Id })
        if ($ids -contains $ApplicationId) {
            Get-MgSitePermission -SiteId $SiteId -PermissionId $one.Id
        }
    }
}

function Grant-Site {
    # Grant a role on one site (host:/sites/name, or a site id), and no more than that.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Principal, [string]$Site, [string]$Role)
    $found = Get-MgSite -SiteId $Site
    $known = @(Find-SiteGrant -SiteId $found.Id -ApplicationId $Principal.AppId)
    $roles = @($known | ForEach-Object { $_.Roles })
    if ($known.Count -eq 1 -and $roles.Count -eq 1 -and $roles[0] -eq $Role) {
        Write-Output "$Role on $($found.WebUrl) is granted already."
        return
    }
    if (-not $PSCmdlet.ShouldProcess($found.WebUrl, "Grant $Role to $($Principal.DisplayName)")) { return }
    foreach ($one in $known) {
        Remove-MgSitePermission -SiteId $found.Id -PermissionId $one.Id
    }
    $grant = @{
        roles               = @($Role)
        grantedToIdentities = @(
            @{ application = @{ id = $Principal.AppId; displayName = $Principal.DisplayName } }
        )
    }
    New-MgSitePermission -SiteId $found.Id -BodyParameter $grant | Out-Null
    Write-Output "Granted $Role on $($found.WebUrl)."
}

function Revoke-Site {
    # Take every grant of an application on one site back.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$ApplicationId, [string]$Site)
    $found = Get-MgSite -SiteId $Site
    foreach ($one in @(Find-SiteGrant -SiteId $found.Id -ApplicationId $ApplicationId)) {
        if ($PSCmdlet.ShouldProcess($found.WebUrl, "Take back $($one.Roles -join ', ') from $ApplicationId")) {
            Remove-MgSitePermission -SiteId $found.Id -PermissionId $one.Id
            Write-Output "Took back $($one.Roles -join ', ') on $($found.WebUrl)."
        }
    }
}

# ---- An application as a whole -------------------------------------------------------------------------------

function Grant-Application {
    # Grant what the rows say to a service principal: consent for what tokens carry, a role on each site.
    # What Exchange is to give (Scope = exchange) is never consented to: that would reach every mailbox.
    [CmdletBinding(SupportsShouldProcess)]
    param([object]$Principal, [object[]]$Rows, [string[]]$Site)
    foreach ($row in $Rows) {
        if ($row.Scope -eq 'exchange') { continue }
        Grant-AppRole -Principal $Principal -Row $row
        if ($row.Permission -eq 'Sites.Selected') {
            foreach ($one in $Site) { Grant-Site -Principal $Principal -Site $one -Role $row.SiteRole }
        }
    }
}

function Revoke-Application {
    # Take back all that the table names for the application, the broader permissions that also do among them.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$ApplicationId, [object[]]$Rows, [string[]]$Site)
    foreach ($one in $Site) { Revoke-Site -ApplicationId $ApplicationId -Site $one }
    $principal = Find-Principal -ApplicationId $ApplicationId
    if (-not $principal) {
        Write-Output "There is no enterprise application of $ApplicationId any more."
        return
    }
    foreach ($row in $Rows) {
        foreach ($permission in @($row.Permission) + @($row.Instead)) {
            Revoke-AppRole -Principal $principal -Resource $row.Resource -Permission $permission
        }
    }
}

# ---- Exchange Online -----------------------------------------------------------------------------------------

function Connect-Exchange {
    # Sign in where nobody has. Needs the role group Organization Management.
    if (@(Get-ConnectionInformation | Where-Object { $_.State -eq 'Connected' }).Count -eq 0) {
        Connect-ExchangeOnline -ShowBanner:$false
    }
}

function Find-ByIdentity {
    # Of what a Get- cmdlet lists, the one with this name; none is no error.
    param([object[]]$Found, [string]$Name)
    return $Found | Where-Object { $_.Name -eq $Name } | Select-Object -First 1
}

function New-ExchangePrincipal {
    # Tell Exchange of the enterprise application. It wants that one's object id, not the registration's.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$ApplicationId, [string]$ObjectId, [string]$DisplayName)
    $known = Get-ServicePrincipal | Where-Object { $_.AppId -eq $ApplicationId } | Select-Object -First 1
    if ($known) { return $known }
    if (-not $PSCmdlet.ShouldProcess($DisplayName, 'Tell Exchange of the application')) { return $null }
    return New-ServicePrincipal -AppId $ApplicationId -ObjectId $ObjectId -DisplayName $DisplayName
}

function Grant-RoleGroup {
    # A role group with exactly these roles, and the application in it.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Name, [string[]]$Roles, [object]$ExchangePrincipal)
    $group = Find-ByIdentity -Found @(Get-RoleGroup) -Name $Name
    if (-not $group) {
        if (-not $PSCmdlet.ShouldProcess($Name, "Make a role group with $($Roles -join ', ')")) { return }
        $about = 'What m365-restrict may do in Exchange. Made by its script; see deploy/permissions.'
        New-RoleGroup -Name $Name -Roles $Roles -Description $about | Out-Null
        Write-Output "Made the role group $Name with $($Roles -join ', ')."
    }
    else {
        $held = @(Get-ManagementRoleAssignment -RoleAssignee $Name -Delegating $false | ForEach-Object { $_.Role })
        $differing = @(Compare-Object -ReferenceObject $Roles -DifferenceObject @($held | Sort-Object -Unique))
        if ($differing.Count -gt 0) {
            $both = "$($held -join ', '), not $($Roles -join ', ')"
            throw "The role group $Name holds $both. Remove it and run this again."
        }
    }
    $members = @(Get-RoleGroupMember -Identity $Name | ForEach-Object { [string]$_.ExternalDirectoryObjectId })
    if ($members -contains [string]$ExchangePrincipal.ObjectId) {
        Write-Output "The application is in $Name already."
        return
    }
    if ($PSCmdlet.ShouldProcess($Name, "Add $($ExchangePrincipal.DisplayName)")) {
        Add-RoleGroupMember -Identity $Name -Member $ExchangePrincipal.Identity
        Write-Output "Added $($ExchangePrincipal.DisplayName) to $Name."
    }
}

function Get-ScopeFilter {
    # The filter that holds exactly the mailboxes of a row. Only direct members of a group are in it.
    param([string[]]$LimitTo, [hashtable]$Mailboxes)
    $parts = @()
    foreach ($kind in $LimitTo) {
        if ($kind -eq 'councillors') {
            $group = Get-Group -Identity $Mailboxes['councillors']
            $parts += "MemberOfGroup -eq '$($group.DistinguishedName.Replace("'", "''"))'"
            continue
        }
        foreach ($address in @($Mailboxes[$kind] | Where-Object { $_ })) {
            # By its main address as Exchange knows it: a further address would be in no filter.
            $mailbox = Get-Recipient -Identity $address
            $parts += "PrimarySmtpAddress -eq '$(([string]$mailbox.PrimarySmtpAddress).Replace("'", "''"))'"
        }
    }
    if ($parts.Count -eq 0) { return '' }
    return (@($parts | Sort-Object -Unique) -join ' -or ')
}

function Set-Scope {
    # A management scope with this filter.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Name, [string]$Filter)
    $scope = Find-ByIdentity -Found @(Get-ManagementScope) -Name $Name
    if (-not $scope) {
        if ($PSCmdlet.ShouldProcess($Name, "Make a scope of $Filter")) {
            New-ManagementScope -Name $Name -RecipientRestrictionFilter $Filter | Out-Null
            Write-Output "Made the scope ${Name}: $Filter"
        }
    }
    elseif ($scope.RecipientFilter -ne $Filter) {
        if ($PSCmdlet.ShouldProcess($Name, "Set the scope to $Filter")) {
            Set-ManagementScope -Identity $Name -RecipientRestrictionFilter $Filter
            Write-Output "Set the scope ${Name}: $Filter"
        }
    }
}

function Assert-NotAnothers {
    # Roles of these names are this application's alone. In a tenant with a second installation, whose roles would
    # have the same names, nothing is changed: what it holds is not this one's to set or to take back.
    param([string[]]$Names, [object]$ExchangePrincipal)
    $mine = @()
    $ids = @()
    if ($ExchangePrincipal) {
        $ids = @([string]$ExchangePrincipal.ObjectId, [string]$ExchangePrincipal.AppId)
        $mine = @(Get-ManagementRoleAssignment -RoleAssignee $ExchangePrincipal.Identity |
                ForEach-Object { $_.Name })
    }
    $theirs = @(Get-ManagementRoleAssignment |
            Where-Object { $Names -contains $_.Name -and $mine -notcontains $_.Name } |
            Where-Object { $ids -notcontains [string]$_.RoleAssigneeName } |
            ForEach-Object { $_.Name })
    if ($theirs.Count -gt 0) {
        throw "Another application holds $($theirs -join ', '). Nothing of it was changed; see docs/permissions.md."
    }
}

function Grant-MailboxRole {
    # RBAC for Applications: one role, for the mailboxes of its scope alone.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Application, [hashtable]$Row, [object]$ExchangePrincipal, [hashtable]$Mailboxes)
    $filter = Get-ScopeFilter -LimitTo $Row.LimitTo -Mailboxes $Mailboxes
    if (-not $filter) {
        Write-Warning "$($Row.ExchangeRole) is not assigned: no mailbox was named for it ($($Row.Limit))."
        return
    }
    $scopeName = "$ourName $Application $($Row.LimitTo -join '+')"
    $name = "$ourName $Application $($Row.ExchangeRole)"
    $assigned = @(Get-ManagementRoleAssignment -RoleAssignee $ExchangePrincipal.Identity)
    # Before the scope is set: another application's would then hold these mailboxes in place of its own.
    Assert-NotAnothers -Names @($name) -ExchangePrincipal $ExchangePrincipal
    Set-Scope -Name $scopeName -Filter $filter
    if (Find-ByIdentity -Found $assigned -Name $name) {
        Write-Output "$($Row.ExchangeRole) is assigned already."
        return
    }
    if ($PSCmdlet.ShouldProcess($name, "Assign $($Row.ExchangeRole) for $scopeName")) {
        $assignment = @{
            Name                = $name
            App                 = $ExchangePrincipal.Identity
            Role                = $Row.ExchangeRole
            CustomResourceScope = $scopeName
        }
        New-ManagementRoleAssignment @assignment | Out-Null
        Write-Output "Assigned $($Row.ExchangeRole) for $scopeName."
    }
}

function Grant-InExchange {
    # The role group and the mailbox roles that the rows name.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Application, [object[]]$Rows, [object]$ExchangePrincipal, [hashtable]$Mailboxes)
    foreach ($row in $Rows) {
        if ($row.RoleGroup.Count -gt 0) {
            $group = "$ourName $Application"
            Grant-RoleGroup -Name $group -Roles $row.RoleGroup -ExchangePrincipal $ExchangePrincipal
        }
        if ($row.Scope -eq 'exchange') {
            $given = @{ Row = $row; ExchangePrincipal = $ExchangePrincipal; Mailboxes = $Mailboxes }
            Grant-MailboxRole -Application $Application @given
        }
    }
}

function Revoke-InExchange {
    # Take back every role, scope and role group of ours for the application, and have Exchange forget it.
    [CmdletBinding(SupportsShouldProcess)]
    param([string]$Application, [object[]]$Rows, [string]$ApplicationId)
    $known = Get-ServicePrincipal | Where-Object { $_.AppId -eq $ApplicationId } | Select-Object -First 1
    $scoped = @($Rows | Where-Object { $_.Scope -eq 'exchange' })
    $names = @($scoped | ForEach-Object { "$ourName $Application $($_.ExchangeRole)" })
    Assert-NotAnothers -Names $names -ExchangePrincipal $known
    $assignments = @(Get-ManagementRoleAssignment)
    foreach ($row in $scoped) {
        $name = "$ourName $Application $($row.ExchangeRole)"
        if ((Find-ByIdentity -Found $assignments -Name $name) -and $PSCmdlet.ShouldProcess($name, 'Take back')) {
            Remove-ManagementRoleAssignment -Identity $name -Confirm:$false
            Write-Output "Took back $($row.ExchangeRole)."
        }
    }
    foreach ($row in $scoped) {
        $name = "$ourName $Application $($row.LimitTo -join '+')"
        $scope = Find-ByIdentity -Found @(Get-ManagementScope) -Name $name
        if ($scope -and $PSCmdlet.ShouldProcess($name, 'Remove the scope')) {
            Remove-ManagementScope -Identity $name -Confirm:$false
            Write-Output "Removed the scope $name."
        }
    }
    $group = "$ourName $Application"
    if (Find-ByIdentity -Found @(Get-RoleGroup) -Name $group) {
        $mine = if ($known) { [string]$known.ObjectId } else { '' }
        $others = @(Get-RoleGroupMember -Identity $group |
                Where-Object { [string]$_.ExternalDirectoryObjectId -ne $mine })
        if ($others.Count -gt 0) {
            Write-Warning "The role group $group is left, because it has other members."
            if ($known -and $PSCmdlet.ShouldProcess($group, "Take $($known.DisplayName) out")) {
                Remove-RoleGroupMember -Identity $group -Member $known.Identity -Confirm:$false
            }
        }
        elseif ($PSCmdlet.ShouldProcess($group, 'Remove the role group')) {
            Remove-RoleGroup -Identity $group -Confirm:$false
            Write-Output "Removed the role group $group."
        }
    }
    if ($known -and $PSCmdlet.ShouldProcess($known.DisplayName, 'Have Exchange forget the application')) {
        Remove-ServicePrincipal -Identity $known.Identity -Confirm:$false
        Write-Output "Exchange has forgotten $($known.DisplayName)."
    }
}
