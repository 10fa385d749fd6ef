# Written by tools/write_permissions.py from permissions.toml. Change that file, not this one.
@{
    Permissions = @(
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'Sites.Selected'
            Instead = @('Lists.SelectedOperations.Selected', 'Sites.Read.All')
            Needed = 'always'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = 'read'
            RoleGroup = @()
            Why = 'Reads the three lists with their versions. Grant `read` on the register''s site, and on the choices'' site. With `Lists.SelectedOperations.Selected`, also on each site''s hidden user information list: without it people in person columns cannot be read, and the run stops.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'GroupMember.Read.All'
            Instead = @('GroupMember.ReadBasic.All', 'Group.Read.All', 'Directory.Read.All')
            Needed = 'always'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Reads who is in the councillors'' group and in groups of approvers.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'User.Read.All'
            Instead = @('Directory.Read.All')
            Needed = 'always'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Finds people by address, and whether their accounts are disabled.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'Domain.Read.All'
            Instead = @()
            Needed = 'inbox_rules'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Tells the council''s domains where there is no Exchange role to ask.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'MailboxSettings.Read'
            Instead = @()
            Needed = 'always'
            Scope = 'exchange'
            ExchangeRole = 'Application MailboxSettings.Read'
            Limit = 'councillors and the named mailboxes'
            LimitTo = @('councillors', 'named_mailboxes')
            SiteRole = ''
            RoleGroup = @()
            Why = 'Reads inbox rules. A grant in Entra ID reaches every mailbox and cancels any limit.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'Mail.ReadBasic.All'
            Instead = @()
            Needed = 'always'
            Scope = 'exchange'
            ExchangeRole = 'Application Mail.ReadBasic'
            Limit = 'councillors and the named mailboxes; also the single contacts, to be told how long their mail is unread'
            LimitTo = @('councillors', 'named_mailboxes', 'single_contacts')
            SiteRole = ''
            RoleGroup = @()
            Why = 'Finds the id of a folder that an inbox rule moves mail to, and counts what is unread in a single contact''s Inbox and Junk Email. It shows no message text.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'ExchangeMessageTrace.Read.All'
            Instead = @()
            Needed = 'optional'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Shows approvers the likely effect in counts, says in `drift` what became of mail and whether any leaked, and confirms the canary. It cannot be limited to mailboxes.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'AuditLogsQuery-Exchange.Read.All'
            Instead = @()
            Needed = 'optional'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Says who changed a rule (AUDIT__CHANGES). It reads who changed what in every mailbox.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'AuditLogsQuery-SharePoint.Read.All'
            Instead = @('AuditLogsQuery.Read.All')
            Needed = 'optional'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'Holds approvals against the audit log (AUDIT__APPROVALS). It reads who changed what in every site.'
        }
        @{
            Application = 'reader'
            Resource = 'graph'
            Permission = 'ConfigurationMonitoring.ReadWrite.All'
            Instead = @('ConfigurationMonitoring.Read.All')
            Needed = 'optional'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @()
            Why = 'A second opinion on transport rules by the supported way, in a snapshot (SECOND_VIEW__USE). It could also make monitors.'
        }
        @{
            Application = 'reader'
            Resource = 'exchange'
            Permission = 'Exchange.ManageAsApp'
            Instead = @()
            Needed = 'mail_flow'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @('View-Only Configuration', 'View-Only Recipients', 'View-Only Audit Logs')
            Why = 'Runs Get- cmdlets. Useless without a role: add the Entra role Security Reader, or a role group with View-Only Configuration, View-Only Recipients and View-Only Audit Logs.'
        }
        @{
            Application = 'writer'
            Resource = 'graph'
            Permission = 'Sites.Selected'
            Instead = @('Lists.SelectedOperations.Selected', 'Sites.ReadWrite.All')
            Needed = 'always'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = 'write'
            RoleGroup = @()
            Why = 'Writes EnforcementStatus and notes, letters and reports. Grant `write` on the register''s and the choices'' site.'
        }
        @{
            Application = 'writer'
            Resource = 'graph'
            Permission = 'MailboxSettings.ReadWrite'
            Instead = @()
            Needed = 'always'
            Scope = 'exchange'
            ExchangeRole = 'Application MailboxSettings.ReadWrite'
            Limit = 'councillors and the named mailboxes'
            LimitTo = @('councillors', 'named_mailboxes')
            SiteRole = ''
            RoleGroup = @()
            Why = 'Writes inbox rules. A grant in Entra ID reaches every mailbox and cancels any limit.'
        }
        @{
            Application = 'writer'
            Resource = 'graph'
            Permission = 'MailboxFolder.ReadWrite.All'
            Instead = @()
            Needed = 'create_folders'
            Scope = 'exchange'
            ExchangeRole = 'Application MailboxFolder.ReadWrite'
            Limit = 'councillors'
            LimitTo = @('councillors')
            SiteRole = ''
            RoleGroup = @()
            Why = 'Makes the folder that a councillor named (CHOICES__CREATE_FOLDER).'
        }
        @{
            Application = 'writer'
            Resource = 'graph'
            Permission = 'Mail.Send'
            Instead = @()
            Needed = 'notify'
            Scope = 'exchange'
            ExchangeRole = 'Application Mail.Send'
            Limit = 'the mailbox of NOTIFY__SENDER alone'
            LimitTo = @('sender')
            SiteRole = ''
            RoleGroup = @()
            Why = 'Sends notices. A grant in Entra ID sends as anybody.'
        }
        @{
            Application = 'writer'
            Resource = 'exchange'
            Permission = 'Exchange.ManageAsApp'
            Instead = @()
            Needed = 'mail_flow'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = ''
            RoleGroup = @('Transport Rules')
            Why = 'Writes transport rules. Useless without a role: add a role group that holds Transport Rules and nothing else.'
        }
        @{
            Application = 'setup'
            Resource = 'graph'
            Permission = 'Sites.Manage.All'
            Instead = @('Sites.Selected', 'Sites.FullControl.All')
            Needed = 'always'
            Scope = ''
            ExchangeRole = ''
            Limit = ''
            LimitTo = @()
            SiteRole = 'fullcontrol'
            RoleGroup = @()
            Why = 'Makes the lists, once. Take the grant away afterwards: who may make a list may also make a version.'
        }
    )
}
