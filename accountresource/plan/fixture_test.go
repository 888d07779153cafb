package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

const resourceID = 7

// fixture is a directory, the accounts here and the links between them.
type fixture struct {
	objects []account.Object
	local   []account.Account
	links   []account.Link
	policy  plan.Policy

	moderated bool // managers moderate aliases
}

func newFixture() *fixture {
	return &fixture{policy: plan.Policy{
		Resource:     resourceID,
		Domain:       account.Domain{Name: "example.com", Active: true, Quota: 1024},
		Mapped:       account.FieldSet(account.Name, account.Mobile, account.Title),
		Stored:       account.FieldSet(account.Name, account.FirstName, account.Mobile),
		FollowStatus: true,
		LinkExisting: true,
		Removal:      plan.Removal{Max: 1000, MaxPercent: 100},
		Attribute:    account.Field.String,
		Canonical: func(_ string, p account.Profile) account.Profile {
			p[account.Name] = strings.TrimSpace(p[account.Name])
			return p
		},
	}}
}

func (s *fixture) build() []account.Change { return s.run(nil, nil, nil) }

// run returns all changes of a run over the fixture and groups; outside are objects that are only found when they are looked
// for, leaving those that are gone.
func (s *fixture) run(groups, outside []account.Object, leaving []account.SourceID) []account.Change {
	state := plan.NewState(resourceID)
	for _, l := range s.links {
		state.AddLink(l)
	}
	for _, a := range s.local {
		state.AddAccount(a)
	}
	p := plan.New(s.policy, state)
	var first []account.Change
	for _, o := range s.objects {
		if c, ok := p.Add(o); ok {
			first = append(first, c)
		}
	}
	p.Listed(account.Mailbox, len(s.objects))
	p.Leaving(leaving)
	for _, g := range groups {
		p.AddGroup(g)
	}
	for unknown := p.Unknown(); len(unknown) > 0; unknown = p.Unknown() {
		for _, o := range outside {
			if slices.Contains(unknown, o.ID) {
				p.AddOutside(o)
			}
		}
	}
	return plan.Full(p, first)
}

func user(id, mail, name string) account.Object {
	return account.Object{
		ID: account.SourceID(id), Kind: account.User, DN: "CN=" + id, Mail: []string{mail},
		Profile: account.Profile{account.Name: name},
	}
}

func mailbox(address, name string) account.Account {
	return account.Account{
		Address: address, Kind: account.Mailbox, Active: true, Home: "/home/" + address + "/",
		Profile: account.Profile{account.Name: name},
	}
}

func link(id, address string) account.Link {
	return account.Link{
		Resource: resourceID, Source: account.SourceID(id), Known: account.Known{DN: "CN=" + id, Shown: account.FieldSet(account.Name, account.Mobile, account.Title)},
		Local:  account.Local{Address: address, Kind: account.Mailbox, Home: "/home/" + address + "/"},
		Origin: account.Created, State: account.Confirmed,
	}
}

// said are the changes as "action address reason".
func said(changes []account.Change) []string {
	var lines []string
	for _, c := range changes {
		lines = append(lines, strings.TrimSpace(string(c.Action)+" "+c.Address+" "+c.Reason.Key))
	}
	return lines
}

func one(t *testing.T, changes []account.Change) account.Change {
	t.Helper()
	require.Len(t, changes, 1, "%v", said(changes))
	return changes[0]
}
