package resource

import (
	"errors"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// ErrNotFound is returned for a resource that does not exist (any more).
var ErrNotFound = errors.New("account resource not found")

// ErrChanged is returned for a change of settings that somebody else has changed since they were read.
var ErrChanged = errors.New("the settings were changed meanwhile")

// Kind is a type of directory server.
type Kind string

// The kinds on offer. Active Directory and Samba share one reader.
const (
	ActiveDirectory Kind = "activedirectory"
	Samba           Kind = "samba"
)

// Kinds lists the kinds that work, in the order in which the list page offers them.
func Kinds() []Kind { return []Kind{ActiveDirectory, Samba} }

// Resource is a configured account resource.
type Resource struct {
	ID      int64
	Kind    Kind
	Enabled bool
	// Revision counts the changes of the settings. A run that started on an older one is followed by a full run.
	Revision int64
	// Changed is when they were changed last.
	Changed time.Time
	// Tested says that a connection test of the stored settings succeeded; the page then offers to enable it.
	Tested   bool
	Settings Settings
}

// Settings are the tabs of the resource's page.
type Settings struct {
	Connection  Connection  `json:"connection"`
	Replication Replication `json:"replication"`
	Users       Users       `json:"users"`
	Groups      Groups      `json:"groups"`
	SignIn      SignIn      `json:"sign_in"`
}

// SameSource reports whether both settings read the same of the directory, so that a connection test of one is good for
// the other.
func (s Settings) SameSource(other Settings) bool {
	return s.Connection == other.Connection && s.Users == other.Users && s.Groups == other.Groups
}

// SameScope reports whether both settings take the same users and groups with the same values. What an admin dismissed under
// others is to be decided anew.
func (s Settings) SameScope(other Settings) bool {
	return s.Connection.Domain == other.Connection.Domain && s.Connection.BaseDN == other.Connection.BaseDN &&
		s.Users == other.Users && s.Groups == other.Groups && s.Replication.Groups == other.Replication.Groups
}

// Connection says where the directory is, how to speak to it, and which hosted mail domain it feeds.
type Connection struct {
	Domain string `json:"domain" form:"domain" validate:"required,max=255,printable"`
	// Host is a server, or several with commas between them: the first one that is well is asked.
	Host string `json:"host" form:"host" validate:"required,max=1000,printable"`
	Port int    `json:"port" form:"port" validate:"min=1,max=65535"`
	// TLS on ports 636 and 3269 is implied; on others it asks for StartTLS (RFC 4511, 4.14) before the bind.
	TLS           bool   `json:"tls" form:"tls"`
	Timeout       int    `json:"timeout" form:"timeout" validate:"min=1,max=300"` // seconds, for each dial and request
	BaseDN        string `json:"base_dn" form:"base_dn" validate:"required,max=1000,printable"`
	BindDN        string `json:"bind_dn" form:"bind_dn" validate:"required,max=1000,printable"`
	BindPassword  Secret `json:"-" form:"bind_password" validate:"required,max=255,printable"`
	CACertificate string `json:"ca_certificate" form:"ca_certificate" validate:"max=65536"` // PEM; empty: system roots
}

// Hosts are the servers, in the order in which they are tried. Keyboards have different commas.
func (c Connection) Hosts() []string {
	var hosts []string
	for host := range strings.FieldsFuncSeq(c.Host, func(r rune) bool { return strings.ContainsRune(",،，、", r) }) {
		if host = strings.TrimSpace(host); host != "" {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Encrypted reports whether passwords cross the network under TLS.
func (c Connection) Encrypted() bool { return c.TLS || c.ImplicitTLS() }

// TimeoutDuration is Timeout, the limit of every dial and request.
func (c Connection) TimeoutDuration() time.Duration { return time.Duration(c.Timeout) * time.Second }

// ImplicitTLS reports whether the port speaks TLS from the first byte, whatever the toggle says (636 LDAPS, 3269
// global catalogue over TLS).
func (c Connection) ImplicitTLS() bool { return c.Port == 636 || c.Port == 3269 }

// ExistingPolicy says what happens to a local account that has the address of a directory user (rule R4).
type ExistingPolicy string

// The policies.
const (
	LinkExisting  ExistingPolicy = "link"
	LeaveExisting ExistingPolicy = "leave"
)

// Replication says when runs happen and what they may do.
type Replication struct {
	Interval          int            `json:"interval" form:"interval" validate:"min=1,max=10080"` // minutes
	Groups            bool           `json:"groups" form:"groups"`
	ExistingAccounts  ExistingPolicy `json:"existing_accounts" form:"existing_accounts" validate:"oneof=link leave"`
	Delete            bool           `json:"delete" form:"delete"`
	KeepDays          int            `json:"keep_days" form:"keep_days" validate:"min=0,max=3650"` // 0: for ever
	DeleteAppData     bool           `json:"delete_app_data" form:"delete_app_data"`
	DisableRemoved    bool           `json:"disable_removed" form:"disable_removed"`
	MaxRemovals       int            `json:"max_removals" form:"max_removals" validate:"min=0,max=100000"`
	MaxRemovalPercent int            `json:"max_removal_percent" form:"max_removal_percent" validate:"min=0,max=100"`
	// Live replicates changes as soon as they are noticed, besides the interval.
	Live bool `json:"live" form:"live"`
}

// Users says which objects are users and which attribute feeds which field; an empty name leaves the field alone.
type Users struct {
	Filter     string `json:"filter" form:"user_filter" validate:"required,max=4000,printable"`
	Mail       string `json:"mail" form:"user_mail" validate:"required,max=255,attribute"`
	Status     string `json:"status" form:"user_status" validate:"max=255,attribute"`
	Name       string `json:"name" form:"user_name" validate:"max=255,attribute"`
	FirstName  string `json:"first_name" form:"user_first_name" validate:"max=255,attribute"`
	LastName   string `json:"last_name" form:"user_last_name" validate:"max=255,attribute"`
	EmployeeID string `json:"employee_id" form:"user_employee_id" validate:"max=255,attribute"`
	Title      string `json:"title" form:"user_title" validate:"max=255,attribute"`
	Mobile     string `json:"mobile" form:"user_mobile" validate:"max=255,attribute"`
	Telephone  string `json:"telephone" form:"user_telephone" validate:"max=255,attribute"`
}

// Attribute is the name of the directory attribute that feeds f, empty where f is not mapped.
func (u *Users) Attribute(f account.Field) string {
	return [account.NumFields]string{
		account.Name: u.Name, account.FirstName: u.FirstName, account.LastName: u.LastName,
		account.EmployeeID: u.EmployeeID, account.Title: u.Title, account.Mobile: u.Mobile,
		account.Telephone: u.Telephone,
	}[f]
}

// Mapped is the set of fields that follow the directory (rule R7).
func (u *Users) Mapped() account.Fields {
	var s account.Fields
	for _, f := range account.AllFields() {
		if u.Attribute(f) != "" {
			s = s.With(f)
		}
	}
	return s
}

// AccessPolicy says who may send to an alias; the names are iRedAPD's (alias.accesspolicy).
type AccessPolicy string

// AccessPolicies lists the policies the Groups tab offers.
func AccessPolicies() []AccessPolicy {
	return []AccessPolicy{
		"public", "domain", "subdomain", "membersonly", "moderatorsonly", "membersandmoderatorsonly",
	}
}

// Groups says which objects are groups and where their address and name are.
type Groups struct {
	Filter       string       `json:"filter" form:"group_filter" validate:"required,max=4000,printable"`
	Mail         string       `json:"mail" form:"group_mail" validate:"required,max=255,attribute"`
	Name         string       `json:"name" form:"group_name" validate:"max=255,attribute"`
	Moderator    bool         `json:"moderator" form:"group_moderator"` // managedBy moderates the alias
	AccessPolicy AccessPolicy `json:"access_policy" form:"access_policy" validate:"oneof=public domain subdomain membersonly moderatorsonly membersandmoderatorsonly"`
}

// Defaults are the settings of a new resource.
func Defaults() Settings {
	return Settings{
		Connection: Connection{Port: 636, TLS: true, Timeout: 10},
		Replication: Replication{
			Interval: 15, ExistingAccounts: LinkExisting, DisableRemoved: true, MaxRemovals: 20, MaxRemovalPercent: 10,
		},
		Users: Users{
			Filter: "(|(objectClass=user)(objectClass=person))", Mail: "userPrincipalName",
			Status: "userAccountControl", Name: "displayName", FirstName: "givenName", LastName: "sn",
			EmployeeID: "employeeID", Title: "title", Mobile: "mobile", Telephone: "telephoneNumber",
		},
		Groups: Groups{Filter: "(objectClass=group)", Mail: "mail", Name: "cn", AccessPolicy: "membersonly"},
		SignIn: SignIn{Mode: SignInOff, Grace: "24h"},
	}
}
