package plan

import (
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// Policy is what the decisions depend on besides the objects and accounts themselves.
type Policy struct {
	// Resource is the account resource that the plan is for.
	Resource int64
	// Domain is the hosted mail domain, with its limits and what is used of them.
	Domain account.Domain
	// Mapped are the fields that follow the directory, Stored those the mail store has a place for. What is mapped
	// but has no place is kept with the link.
	Mapped, Stored account.Fields
	// FollowStatus says that a status attribute is mapped: accounts are disabled and enabled with the directory.
	FollowStatus bool
	// LinkExisting links a local account that has the address of a directory user; else it is left alone (rule R4).
	LinkExisting bool
	// Now is when the plan is made.
	Now time.Time
	// Incremental says that objects which are not given are as they were, rather than gone.
	Incremental bool
	// Since is the change counter up to which everything has been replicated; 0 where that is not known. What an
	// incremental plan ignored before it, and has not changed, is not reported again; what differs in a full one
	// although it has not changed was changed here.
	Since int64
	// Groups says how groups become aliases; nil: they do not.
	Groups *GroupPolicy
	// Removal says what happens to the accounts of objects that left.
	Removal Removal
	// Attribute returns the directory's name of a mapped field.
	Attribute func(account.Field) string
	// Canonical brings wanted values to the form in which the mail store gives them back.
	Canonical func(address string, p account.Profile) account.Profile
}

// GroupPolicy is what the decisions on groups depend on.
type GroupPolicy struct {
	// Named says that the alias's name follows the group's.
	Named bool
	// AccessPolicy is what a new alias begins with (rule R10).
	AccessPolicy string
	// Moderated has the group's manager moderate its alias. A moderator who is there already stays.
	Moderated bool
}
