package account

// Kind tells what holds an address in the mail server.
type Kind string

// The kinds of address holders. Only mailboxes and aliases are managed; Reserved is an address that something else
// has taken (a mailing list, an additional address of a user), so that nothing can be created there.
const (
	Mailbox  Kind = "mailbox"
	Alias    Kind = "alias"
	Reserved Kind = "reserved"
)

// Role is the administrative right a mailbox carries.
type Role uint8

// The roles. Accounts above NoRole are never linked unasked (rule R4).
const (
	NoRole Role = iota
	DomainAdmin
	GlobalAdmin
)

// Account is a local account as the mail server has it.
type Account struct {
	Address string // lower case
	Kind    Kind
	Active  bool
	Role    Role
	// Home is the absolute mail directory of a mailbox, as deleted_mailboxes and homeDirectory write it. A reserved
	// address that is an additional one of a mailbox has that of the mailbox.
	Home string
	// Made tells the account from any other that has or had the address, where its mail directory does not: the time of its
	// creation in SQL ("2006-01-02 15:04:05"), its entryUUID in LDAP (RFC 4530); empty where the store has neither.
	Made    string
	Profile Profile
	// Members are the addresses that an alias sends on to; Idle are those whose rows are switched off, and come on with the
	// alias. Read only on demand.
	Members, Idle []string
	// Moderators are the addresses that moderate an alias. Read with the members.
	Moderators []string
}

// Route is one row of iRedMail's forwardings table, which carries mail for Address on to Forwarding.
type Route struct {
	Address    string `json:"a"`
	Forwarding string `json:"f"`
}

// Domain is a hosted mail domain: its state, its limits and what a new account gets.
type Domain struct {
	Name     string
	Active   bool
	BackupMX bool // this server only relays for the domain: it has no mailboxes here
	// MailboxLimit and AliasLimit: 0 is no limit, -1 allows none (iRedMail's domain table).
	MailboxLimit, AliasLimit int
	// QuotaLimit is the most that all mailboxes may have together, in MB; 0 is no limit.
	QuotaLimit int64
	// What there is now, counted only where HasLimits: mailboxes, aliases and the sum of the mailboxes' quotas in MB.
	Mailboxes, Aliases int
	QuotaUsed          int64
	// What a new mailbox gets. Quota is in MB, 0 is unlimited; it has already been brought under the domain's
	// largest quota per user.
	Quota            int64
	Language         string
	Timezone         string
	DisabledServices []string
	// StorageBase is the base directory of new mailboxes where the domain has one of its own, else empty.
	StorageBase string
}

// HasLimits reports whether it matters how many accounts the domain has, so that a store has to count them.
func (d *Domain) HasLimits() bool { return d.MailboxLimit > 0 || d.AliasLimit > 0 || d.QuotaLimit > 0 }
