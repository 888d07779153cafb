package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/plan"
)

const annAt, annFormer, annElsewhere = "ann@example.com", "former@example.com", "elsewhere@example.com"

// claimOf returns a claim on the mailbox or alias of ann in a state, with the intent that such a claim has.
func claimOf(state account.LinkState, kind account.Kind) account.Link {
	l := link("ann", annAt)
	l.State, l.Kind = state, kind
	if kind == account.Alias {
		l.Home = ""
	}
	if state == account.Linking {
		l.Origin = account.Linked
	}
	switch state {
	case account.Linking, account.Updating:
		l.Intent = []account.Difference{{What: "name", Old: "Ann", New: "Ann Lee"}}
	case account.Disabling:
		l.Intent, l.Off = []account.Difference{account.Switched(account.Off)}, account.OffByStatus
	case account.Enabling:
		l.Intent, l.Off = []account.Difference{account.Switched(account.On)}, account.OffByStatus
	case account.Renaming:
		l.Intent = []account.Difference{{What: account.WhatAddress, Old: annFormer, New: annAt}}
	case account.Deleting:
		l.Intent = []account.Difference{{What: account.WhatAddress, Old: annAt}}
	}
	return l
}

// told is what settles a claim, as "action verb address>new place", and the link that stays as "= address off".
func told(c account.Change) string {
	line := fmt.Sprintf("%s %s", c.Action, c.Verb)
	if c.NewAddress != "" {
		line += fmt.Sprintf(" %s>%s at %s", account.LocalPart(c.Address), account.LocalPart(c.NewAddress), c.Place)
	}
	switch {
	case c.Unlink:
		line += " no link"
	case c.Link != nil:
		line += fmt.Sprintf(" = %s %s", account.LocalPart(c.Link.Address), c.Link.Off)
	}
	return line
}

// Every cell of the table: the state of the claim and where its account is found.
func TestR19_WhatSettlesAClaim(t *testing.T) {
	between := account.TempAddress(account.Move{From: annFormer, To: annAt})
	places := map[plan.Place]string{
		plan.Nowhere: "", plan.AtAddress: annAt, plan.AtFormer: annFormer, plan.Between: between, plan.Elsewhere: annElsewhere,
	}
	type cell struct {
		state account.LinkState
		place plan.Place
		done  bool // the account shows what the claim was going to change
		want  string
	}
	cells := []cell{
		{account.Creating, plan.Nowhere, false, "  no link"},
		{account.Creating, plan.AtAddress, false, "created  = ann "},
		{account.Creating, plan.Elsewhere, false, "created  = elsewhere "},
		{account.Linking, plan.Nowhere, false, "  no link"},
		{account.Linking, plan.AtAddress, false, "  no link"},
		{account.Linking, plan.AtAddress, true, "linked  = ann "},
		{account.Linking, plan.Elsewhere, true, "  no link"},
		{account.Updating, plan.Nowhere, false, "  no link"},
		{account.Updating, plan.AtAddress, false, "  = ann "},
		{account.Updating, plan.AtAddress, true, "updated  = ann "},
		{account.Updating, plan.Elsewhere, true, "  no link"},
		{account.Disabling, plan.Nowhere, false, "  no link"},
		{account.Disabling, plan.AtAddress, false, "  = ann "},
		{account.Disabling, plan.AtAddress, true, "disabled  = ann status"},
		{account.Disabling, plan.Elsewhere, false, "  no link"},
		{account.Enabling, plan.Nowhere, false, "  no link"},
		{account.Enabling, plan.AtAddress, false, "  = ann status"},
		// An admin may have switched on the mailbox alone: it is done again, with its forwardings.
		{account.Enabling, plan.AtAddress, true, "  = ann status"},
		{account.Enabling, plan.Elsewhere, true, "  no link"},
		{account.Renaming, plan.Nowhere, false, "  no link"},
		{account.Renaming, plan.AtAddress, false, "renamed rename former>ann at " + annAt + " = ann "},
		{account.Renaming, plan.AtFormer, false, "  = former "},
		{account.Renaming, plan.Between, false, "renamed rename former>ann at " + between + " = ann "},
		{account.Renaming, plan.Elsewhere, false, "  = elsewhere "},
		{account.Deleting, plan.Nowhere, false, "deleted delete no link"},
		{account.Deleting, plan.AtAddress, false, "  = ann "},
		{account.Deleting, plan.Elsewhere, false, "  no link"},
	}
	policy := newFixture().policy
	for _, c := range cells {
		for _, kind := range []account.Kind{account.Mailbox, account.Alias} {
			if kind == account.Alias && c.place == plan.Elsewhere {
				continue // it has no mail directory by which it could be found there
			}
			claim := claimOf(c.state, kind)
			var accounts []account.Account
			if at := places[c.place]; at != "" {
				a := mailbox(at, "Ann")
				a.Kind, a.Home = kind, claim.Home
				switch {
				case c.done && c.state == account.Disabling, !c.done && c.state == account.Enabling:
					a.Active = false
				case c.done:
					a.Profile[account.Name] = "Ann Lee"
				}
				accounts = append(accounts, a)
			}
			found := plan.Find(&claim, accounts)
			assert.Equal(t, c.place, found.Place, "%s %s", kind, c.state)
			assert.False(t, found.Taken)
			settling := plan.Recover(&policy, &claim, found)
			name := fmt.Sprintf("%s of a %s, found %s, done %t", c.state, kind, c.place, c.done)
			assert.Equal(t, c.want, told(settling), name)
			if settling.Link != nil {
				assert.Equal(t, account.Confirmed, settling.Link.State, name)
				assert.Empty(t, settling.Link.Intent, name)
			}
			if settling.Action != "" {
				assert.Equal(t, claim.Intent, settling.Diff, "%s: it is logged as what it was", name)
			}
		}
	}
}

// A link that is taken back holds as soon as it is claimed: it knows that the account was made here, which a link made anew would not.
func TestR19_R16_ALinkThatWasTakenBackStays(t *testing.T) {
	policy, claim := newFixture().policy, claimOf(account.Linking, account.Mailbox)
	claim.Origin = account.Created
	a := mailbox(annAt, "Ann")
	a.Home = claim.Home
	settling := plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{a}))
	assert.Equal(t, "linked  = ann ", told(settling))
	assert.Equal(t, account.Created, settling.Link.Origin)
	assert.Empty(t, settling.Diff, "the name is not written yet")
	settling = plan.Recover(&policy, &claim, plan.Find(&claim, nil))
	assert.True(t, settling.Unlink)
}

// Another mailbox has the address meanwhile: it is not the claim's, and nothing is done to it.
func TestR19_R26_WhatSettlesAClaimWhoseAddressAnotherMailboxHas(t *testing.T) {
	other := mailbox(annAt, "Somebody")
	other.Home, other.Made = "/home/another/", "2026-01-02 03:04:05"
	former := mailbox(annFormer, "Ann")
	former.Home = "/home/" + annAt + "/"
	between := former
	between.Address = account.TempAddress(account.Move{From: annFormer, To: annAt})
	taken := other
	taken.Address = annFormer
	policy := newFixture().policy
	for name, c := range map[string]struct {
		state account.LinkState
		here  []account.Account
		want  string
	}{
		"creation":  {account.Creating, []account.Account{other}, "  no link"},
		"link":      {account.Linking, []account.Account{other}, "  no link"},
		"update":    {account.Updating, []account.Account{other}, "  = ann "},
		"disabling": {account.Disabling, []account.Account{other}, "  = ann "},
		"deletion":  {account.Deleting, []account.Account{other}, "deleted  no link"},
		"rename that was begun": {account.Renaming, []account.Account{other, between},
			" rename " + account.LocalPart(between.Address) + ">former at  = former "},
		"rename without a way back": {account.Renaming, []account.Account{other, between, taken}, "  = " + account.LocalPart(between.Address) + " "},
		"rename that was not":       {account.Renaming, []account.Account{other, former}, "  = former "},
		"rename of what is gone":    {account.Renaming, []account.Account{other}, "  = ann "},
	} {
		claim := claimOf(c.state, account.Mailbox)
		found := plan.Find(&claim, c.here)
		assert.True(t, found.Taken, name)
		assert.Equal(t, c.want, told(plan.Recover(&policy, &claim, found)), name)
	}
}

// Mail stores count seconds: mailboxes that were made together are told apart by their mail directories.
func TestR19_R26_MailboxesMadeInOneSecondThatSwapAddresses(t *testing.T) {
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Home, claim.Made = "/home/ann/", "2026-01-02 03:04:05"
	ann, other := mailbox(annAt, "Ann"), mailbox(annFormer, "Somebody")
	ann.Home, ann.Made = claim.Home, claim.Made
	other.Home, other.Made = "/home/somebody/", claim.Made
	assert.Equal(t, plan.AtAddress, plan.Find(&claim, []account.Account{ann, other}).Place)
	ann.Address, other.Address = other.Address, ann.Address
	assert.Equal(t, plan.AtFormer, plan.Find(&claim, []account.Account{ann, other}).Place)
	ann.Address = annElsewhere
	assert.Equal(t, plan.Elsewhere, plan.Find(&claim, []account.Account{ann, other}).Place)
}

// OpenLDAP has a mailbox that is between two addresses get the mail of the new one already.
func TestR19_AnAddressIsNotTakenByTheMailboxThatIsToHaveIt(t *testing.T) {
	claim := claimOf(account.Renaming, account.Mailbox)
	between := mailbox(account.TempAddress(account.Move{From: annFormer, To: annAt}), "Ann")
	between.Home = claim.Home
	reserved := account.Account{Address: annAt, Kind: account.Reserved, Home: claim.Home}
	found := plan.Find(&claim, []account.Account{between, reserved})
	assert.Equal(t, plan.Between, found.Place)
	assert.False(t, found.Taken)
	reserved.Home = "/home/somebody/"
	assert.True(t, plan.Find(&claim, []account.Account{between, reserved}).Taken)
}

// The values of a rename come after its address: what is not there yet is written with the rest of the rename, for which
// there is one log row.
func TestR19_TheValuesOfARenameThatStoppedAreWritten(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Intent = append(claim.Intent, account.Difference{What: "name", Old: "Ann", New: "Ann Lee"}, account.Switched(account.Off))
	claim.Off = account.OffByStatus
	for shown, written := range map[string]string{"Ann": "Ann Lee", "Ann Lee": "", "Ann of Kent": ""} {
		here := mailbox(annAt, shown)
		here.Home = claim.Home
		settling := plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{here}))
		assert.Equal(t, "renamed rename former>ann at "+annAt+" = ann status", told(settling))
		assert.Equal(t, written, settling.Profile[account.Name], "of %s", shown)
		assert.Equal(t, written != "", settling.Set.Has(account.Name))
		assert.Equal(t, account.Off, settling.Switch)
		assert.Empty(t, cmp.Diff(claim.Intent, settling.Diff))
	}
}

// A mail directory has a mailbox get the mail of the address to which it is about to move. That has begun to be visible: it
// moves there; from the way it goes back.
func TestR19_AMailboxThatGetsTheMailOfItsNewAddressMovesThere(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Home = "/home/ann/"
	former := mailbox(annFormer, "Ann")
	former.Home = claim.Home
	between := account.TempAddress(account.Move{From: annFormer, To: annAt})
	for address, want := range map[string]string{
		annAt:        "renamed rename former>ann at " + annFormer + " = ann ",
		between:      " rename former>former at  = former ",
		annElsewhere: "  = former ",
	} {
		more := account.Account{Address: address, Kind: account.Reserved, Home: claim.Home}
		assert.Equal(t, want, told(plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{former, more}))), address)
		more.Home = "/home/another/"
		assert.Equal(t, "  = former ", told(plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{former, more}))), address)
	}
}

// A rename that stopped twice begins at the address on the way of the first: nobody else can have that.
func TestR19_AMailboxOnTheWayOfAnEarlierRenameIsWhereItWas(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Home = "/home/ann/"
	between := account.TempAddress(account.Move{From: annFormer, To: annAt})
	c := account.Change{Link: &claim, Diff: []account.Difference{{What: account.WhatAddress, Old: between, New: annAt}}}
	c.Verb, c.Address, c.NewAddress = account.Rename, between, annAt
	again, _ := c.Claim()
	here := mailbox(between, "Ann")
	here.Home = claim.Home
	settling := plan.Recover(&policy, &again, plan.Find(&again, []account.Account{here}))
	assert.Equal(t, between, settling.Link.Address)
	assert.Empty(t, settling.Verb)
	more := account.Account{Address: annAt, Kind: account.Reserved, Home: claim.Home}
	settling = plan.Recover(&policy, &again, plan.Find(&again, []account.Account{here, more}))
	assert.Equal(t, annAt, settling.NewAddress)
	assert.Equal(t, account.ActionRenamed, settling.Action)
}

// A mailbox that can go neither on nor back stays on its way. What renames it then is logged with the address that it had.
func TestR19_AMailboxThatStaysOnItsWayIsRenamedFromWhereItWas(t *testing.T) {
	s := newFixture()
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Home = "/home/ann/"
	between := mailbox(claim.Between(), "Ann")
	between.Home = claim.Home
	others := []account.Account{mailbox(annAt, "Somebody"), mailbox(annFormer, "Somebody")}
	settling := plan.Recover(&s.policy, &claim, plan.Find(&claim, append(others, between)))
	assert.Equal(t, between.Address, settling.Link.Address)

	s.links, s.local = []account.Link{*settling.Link}, []account.Account{between, others[1]}
	for address, want := range map[string]string{annAt: "renamed " + annFormer, "third@example.com": "renamed " + annFormer} {
		s.objects = []account.Object{user("ann", address, "Ann")}
		c := one(t, s.build())
		assert.Equal(t, want, strings.TrimSpace(said([]account.Change{c})[0]))
		assert.Equal(t, []account.Difference{{What: account.WhatAddress, Old: annFormer, New: address}}, c.Diff)
		assert.Equal(t, between.Address, c.Place)
		assert.Empty(t, c.Link.Intent)

		again, _ := c.Claim() // that run is cut off before it does anything
		second := plan.Recover(&s.policy, &again, plan.Find(&again, []account.Account{between, others[1]}))
		assert.Equal(t, address, second.NewAddress, "it goes on, though another one has its old address")
		assert.Equal(t, c.Diff, second.Diff)
	}
	s.local = []account.Account{between}
	s.objects = []account.Object{user("ann", annFormer, "Ann")}
	c := one(t, s.build())
	assert.Equal(t, annFormer, c.NewAddress, "the directory changed its mind")
	assert.Empty(t, c.Action)
}

// A rename switches and changes values too. Where it stopped before the address, what was made of it is kept and logged.
func TestR19_APartOfARenameThatStopped(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Renaming, account.Mailbox)
	claim.Intent = append(claim.Intent, account.Difference{What: "name", Old: "Ann", New: "Ann Lee"}, account.Switched(account.Off))
	claim.Off = account.OffByStatus
	former := mailbox(annFormer, "Ann Lee")
	former.Home, former.Active = claim.Home, false
	settling := plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{former}))
	assert.Equal(t, "disabled  = former status", told(settling))
	assert.Empty(t, cmp.Diff(claim.Intent[1:], settling.Diff))

	former.Profile[account.Name], former.Active = "Ann", true
	settling = plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{former}))
	assert.Equal(t, "  = former ", told(settling), "nothing of it was made")
}

// What the mail store has no place for is kept with the link: it goes with the operation.
func TestR19_WhatTheLinkKeepsOfAClaim(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Updating, account.Mailbox)
	claim.Intent = append(claim.Intent, account.Difference{What: "title", New: "Chief"})
	for name, want := range map[string]string{"Ann Lee": "Chief", "Ann": ""} {
		settling := plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{mailbox(annAt, name)}))
		assert.Equal(t, want, settling.Link.ExtraProfile[account.Title], name)
	}
}

// The members of an alias tell whether a change of them was made.
func TestR19_MembersTellOfAClaim(t *testing.T) {
	policy := newFixture().policy
	claim := claimOf(account.Updating, account.Alias)
	claim.Intent = []account.Difference{account.Members([]string{"bob@example.com"}, []string{"eve@example.com"})}
	for want, members := range map[string][]string{
		"  = ann ": {"eve@example.com"}, "updated  = ann ": {"bob@example.com"},
	} {
		settling := plan.Recover(&policy, &claim, plan.Find(&claim, []account.Account{aliasOf(annAt, members...)}))
		assert.Equal(t, want, told(settling))
	}
}
