//go:build integration

package integration_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replication is a panel with one resource that feeds a vmail database from a unit of the Samba AD.
type replication struct {
	*source
	ad   *people
	mail *mail
}

func newReplication(t *testing.T) *replication {
	t.Helper()
	ad, mail := newPeople(t), newMail(t)
	p := startPanel(t, mail.settings(), ad.directory.Password)
	return &replication{ad: ad, mail: mail,
		source: p.connected("samba", sambaConnection(ad.directory, ad.unit, mail.domain))}
}

// person adds a user with the address local@domain.
func (r *replication) person(local string, a attributes) (dn string) {
	r.p.tb.Helper()
	return r.ad.add("P "+local, local+"@"+r.mail.domain, a)
}

// expect runs a replication that must succeed with these counts.
func (r *replication) expect(t *testing.T, want run) *run {
	t.Helper()
	got := r.succeeded()
	require.Equal(t, want, got.counts(), r.log(got, "").text)
	return got
}

func TestR1_AMovedObjectKeepsItsMailbox(t *testing.T) {
	r := newReplication(t)
	dn := r.person("mover", attributes{"displayName": "Mover"})
	r.expect(t, run{Created: 1})
	before := r.mail.mailbox("mover")
	dn = r.ad.move(dn, "Somebody, Else")
	r.expect(t, run{})
	require.Equal(t, before, r.mail.mailbox("mover"))
	r.ad.change(dn, attributes{"displayName": "Moved"})
	r.expect(t, run{Updated: 1})
	require.Equal(t, "Moved", r.mail.mailbox("mover")["name"])
}

func TestR2_ASecondObjectWithTheSameAddressIsAConflict(t *testing.T) {
	r := newReplication(t)
	r.saved("users", values{"user_mail": "mail"})
	first := r.person("one", attributes{"mail": "same@" + r.mail.domain, "displayName": "First"})
	r.expect(t, run{Created: 1})
	second := r.person("two", attributes{"mail": "Same@" + r.mail.domain, "displayName": "Second"})
	r.person("three", attributes{"mail": "three@" + r.mail.domain})
	got := r.expect(t, run{Created: 1, Conflicts: 1})
	require.Equal(t, "First", r.mail.mailbox("same")["name"], "the first stays")
	text := r.log(got, "&action=conflict").text
	assert.Contains(t, text, first)
	assert.Contains(t, text, second)
}

func TestR3_WhatIsNoAddressHereIsIgnoredWithAReason(t *testing.T) {
	r := newReplication(t)
	r.person("fine", nil)
	r.ad.add("Elsewhere", "someone@elsewhere.example", nil)
	r.ad.add("Accent", "rené@"+r.mail.domain, nil)
	r.ad.add("Blank", "two words@"+r.mail.domain, nil)
	r.ad.add("Plus", "with+plus@"+r.mail.domain, nil)
	r.ad.add("Sub", "user@sub."+r.mail.domain, nil)
	got := r.expect(t, run{Created: 1, Ignored: 5})
	text := r.log(got, "&action=ignored").text
	for _, address := range []string{"someone@elsewhere.example", "rené@", "two words@", "with+plus@", "user@sub."} {
		assert.Contains(t, text, address)
	}
	require.Equal(t, 1, r.mail.count("SELECT COUNT(*) FROM mailbox"))
}

func TestR4_AnExistingMailboxIsLinkedAndKeepsWhatIsItsOwn(t *testing.T) {
	r := newReplication(t)
	r.mail.existing("old", map[string]string{"enableimap": "0", "language": "fr_FR"})
	r.mail.existing("boss", map[string]string{"isglobaladmin": "1", "isadmin": "1"})
	r.person("old", attributes{"displayName": "New Name", "mobile": "123"})
	r.person("boss", attributes{"displayName": "Boss"})
	before, boss := r.mail.mailbox("old"), r.mail.mailbox("boss")
	r.expect(t, run{Linked: 1, Ignored: 1})
	after := r.mail.mailbox("old")
	require.Equal(t, []string{"New Name", "123"}, []string{after["name"], after["mobile"]})
	for _, column := range []string{"name", "mobile", "modified"} {
		before[column] = after[column]
	}
	require.Equal(t, before, after, "nothing else changed")
	require.Equal(t, boss, r.mail.mailbox("boss"), "an admin is never linked unasked")
	r.expect(t, run{}) // what was ignored and has not changed is not said again
}

func TestR4_AnExistingMailboxIsLeftAloneWhenToldSo(t *testing.T) {
	r := newReplication(t)
	r.saved("replication", values{"existing_accounts": "leave"})
	r.mail.existing("old", nil)
	r.person("old", attributes{"displayName": "New Name"})
	before := r.mail.mailbox("old")
	r.expect(t, run{Ignored: 1})
	require.Equal(t, before, r.mail.mailbox("old"))
}

func TestR6_WhatDoesNotFitInTheDomainIsRefused(t *testing.T) {
	r := newReplication(t)
	r.mail.existing("here", nil)
	r.mail.exec("UPDATE domain SET mailboxes = 3")
	for i := range 4 {
		r.person("new"+strconv.Itoa(i), nil)
	}
	got := r.replicate()
	require.Equal(t, run{Created: 2, Failed: 2}, got.counts())
	require.Equal(t, "partial", got.Outcome)
	require.Equal(t, 3, r.mail.count("SELECT COUNT(*) FROM mailbox"))
	r.mail.exec("UPDATE domain SET mailboxes = 0")
	r.expect(t, run{Created: 2})
}

func TestR7_MappedAttributesFollowAndNothingElseIsTouched(t *testing.T) {
	r := newReplication(t)
	r.saved("users", values{"user_telephone": ""})
	dn := r.person("ann", attributes{
		"displayName": "Ann Old", "mobile": "111", "givenName": "Ann", "telephoneNumber": "not followed",
	})
	r.person("bob", attributes{"displayName": "Bob"})
	r.expect(t, run{Created: 2})
	require.Empty(t, r.mail.mailbox("ann")["telephone"])
	r.mail.exec("UPDATE mailbox SET telephone = 'local', quota = 5, password = 'local', department = 'local', " +
		"modified = '2020-01-01 00:00:00'")
	bob := r.mail.mailbox("bob")

	r.ad.change(dn, attributes{"displayName": "Ann New", "mobile": ""})
	got := r.expect(t, run{Updated: 1})
	ann := r.mail.mailbox("ann")
	require.Equal(t, row{
		"name": "Ann New", "mobile": "", "first_name": "Ann", "telephone": "local", "quota": "5", "password": "local",
		"department": "local",
	}, pick(ann, "name", "mobile", "first_name", "telephone", "quota", "password", "department"))
	require.NotEqual(t, bob["modified"], ann["modified"], "the row tells when it was changed")
	require.Equal(t, bob, r.mail.mailbox("bob"), "who did not change is not written")
	text := r.log(got, "&action=updated").text
	for _, value := range []string{"ann@" + r.mail.domain, "Ann Old", "Ann New", "111"} {
		assert.Contains(t, text, value, "the log has the old and the new value")
	}

	r.mail.exec("UPDATE mailbox SET name = 'changed here' WHERE username = ?", "ann@"+r.mail.domain)
	r.expect(t, run{}) // nothing changed in the directory
	got = r.everything()
	require.Equal(t, run{Updated: 1}, got.counts())
	require.Contains(t, r.log(got, "").text, "the account had been changed or deleted here")
	require.Equal(t, "Ann New", r.mail.mailbox("ann")["name"], "the directory is the master of what is mapped")
}

func TestR9_DisabledAndEnabledWithTheDirectory(t *testing.T) {
	r := newReplication(t)
	dn := r.person("ann", nil)
	r.person("bob", nil)
	r.expect(t, run{Created: 2})
	r.mail.route("extra", "ann", "is_alias")
	r.mail.route("team", "ann", "is_list")
	r.mail.route("team", "bob", "is_list")
	r.mail.route("off", "ann", "is_list")
	r.mail.exec("UPDATE forwardings SET active = 0 WHERE address = ?", "off@"+r.mail.domain)
	r.mail.route("ann", "bob", "is_forwarding")
	before := r.mail.routes("ann")
	require.Equal(t, []string{"(off>ann)", "ann>ann", "ann>bob", "extra>ann", "team>ann"}, before)

	r.ad.change(dn, attributes{"userAccountControl": accountDisabled})
	r.expect(t, run{Disabled: 1})
	require.Equal(t, "0", r.mail.mailbox("ann")["active"])
	require.Equal(t, []string{"(ann>ann)", "(ann>bob)", "(off>ann)", "extra>ann", "team>ann"}, r.mail.routes("ann"),
		"the rows of its own address are off, those of others are theirs")
	r.expect(t, run{})

	r.ad.change(dn, attributes{"userAccountControl": accountEnabled})
	r.expect(t, run{Enabled: 1})
	require.Equal(t, "1", r.mail.mailbox("ann")["active"])
	require.Equal(t, before, r.mail.routes("ann"), "what somebody else had switched off stays off")
	r.expect(t, run{})
}

func TestR9_WhatALocalAdminDisabledStaysDisabled(t *testing.T) {
	r := newReplication(t)
	dn := r.person("ann", nil)
	r.expect(t, run{Created: 1})
	r.mail.exec("UPDATE mailbox SET active = 0")
	r.expect(t, run{})
	r.ad.change(dn, attributes{"userAccountControl": accountDisabled})
	r.expect(t, run{})
	r.ad.change(dn, attributes{"userAccountControl": accountEnabled, "displayName": "Ann"})
	r.expect(t, run{Updated: 1})
	require.Equal(t, "0", r.mail.mailbox("ann")["active"])
}

func TestR9_SomebodyDisabledFromTheStartBecomesAMailboxThatIsOff(t *testing.T) {
	r := newReplication(t)
	dn := r.person("new", attributes{"userAccountControl": accountDisabled})
	r.expect(t, run{Created: 1})
	require.Equal(t, "0", r.mail.mailbox("new")["active"])
	require.Equal(t, []string{"(new>new)"}, r.mail.routes("new"))
	r.ad.change(dn, attributes{"userAccountControl": accountEnabled})
	r.expect(t, run{Enabled: 1})
	require.Equal(t, []string{"new>new"}, r.mail.routes("new"))
}

func pick(r row, columns ...string) row {
	picked := row{}
	for _, column := range columns {
		picked[column] = r[column]
	}
	return picked
}
