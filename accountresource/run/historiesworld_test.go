package run_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
	"github.com/mailpanel/account-resource/backends"
	"github.com/mailpanel/account-resource/backends/memory"
)

// worldSettings are what stays the same in a history.
type worldSettings struct {
	deletes, disables bool // what a removal does
	links             bool // existing accounts are linked
	incremental       bool
	tombstones        bool
	inStep            bool // one batch after the other
	batch             int
}

func (s worldSettings) String() string {
	yes := func(is bool, text string) string {
		if is {
			return text
		}
		return "not " + text
	}
	mode := "full runs"
	if s.incremental {
		mode = "incremental runs, tombstones " + yes(s.tombstones, "shown")
	}
	return fmt.Sprintf("%s; removed accounts are %s, %s; existing accounts are %s; batches of %d, %s", mode, yes(s.deletes, "deleted"),
		yes(s.disables, "disabled"), yes(s.links, "linked"), s.batch, yes(s.inStep, "one after the other"))
}

const worldAddresses = 6

func worldAddress(i int) string { return string(rune('a'+i)) + "@example.com" }

// worldBase is the base of a resource.
func worldBase(resource int64) string { return fmt.Sprintf("OU=%d", resource) }

// directoryObject is a person or group, whether in the directory or not.
type directoryObject struct {
	name     string
	id       account.SourceID
	group    bool
	resource int // in whose base the object is
	address  string
	shown    string // the display name
	off      bool
	present  bool
	members  []*directoryObject
	usn      int64
	times    int  // how often it was made
	moved    bool // from one base to the other
}

func (o *directoryObject) kind() account.Kind {
	if o.group {
		return account.Alias
	}
	return account.Mailbox
}

// key is that of the link which the object shall have.
func (o *directoryObject) key() linkKey { return linkKey{int64(o.resource) + 1, o.id} }

// value is the object as a reader gives it.
func (o *directoryObject) value() account.Object {
	v := account.Object{
		ID: o.id, Kind: account.User, DN: fmt.Sprintf("CN=%s,OU=%d", o.name, o.resource+1), Mail: []string{o.address},
		Disabled: o.off, USN: o.usn, Profile: account.Profile{account.Name: o.shown},
	}
	if o.group {
		v.Kind = account.Group
		for _, m := range o.members {
			if m.present {
				v.Members = append(v.Members, m.id)
			}
		}
	}
	return v
}

// worldModel is a directory with two bases, a mail store, two resources of one domain, and what is known of them all.
type worldModel struct {
	settings  worldSettings
	now       time.Time
	mail      *memory.Backend
	tables    *worldTables
	resources [2]resource.Resource
	people    [2]*people
	objects   []*directoryObject
	usn       int64
	deleted   []run.ChangedObject

	made     int // accounts made by hand so far
	extra    int // local members so far
	byHand   bool
	crossing bool                        // something is a matter of both bases
	fresh    bool                        // nothing happened before
	local    map[string]*handMade        // accounts made by hand, by their mark
	extras   map[string][]string         // local members of aliases that were made by hand, by mark
	unsure   map[account.SourceID]string // objects of which the model does not know what becomes of them, and why
	former   map[account.SourceID]string // the last address of those that were made again
	handled  map[account.SourceID]bool   // objects whose account was deleted by hand
	story    []string
	violated []violation

	rounds, disturbed, compared int
	knew                        [2]int // how many objects the model knew what is right for, and how many not
}

// violation is a rule that was not kept.
type violation struct{ rule, text string }

// violate notes that a rule was not kept, once.
func (w *worldModel) violate(rule, format string, values ...any) {
	if !slices.ContainsFunc(w.violated, func(v violation) bool { return v.rule == rule }) {
		w.violated = append(w.violated, violation{rule, fmt.Sprintf(format, values...)})
	}
}

var directoryNames = []string{"ann", "bob", "cid", "dan", "eve", "team", "crew"}

func newWorldModel(s worldSettings) *worldModel {
	w := &worldModel{
		settings: s, now: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC), mail: memory.New(), local: make(map[string]*handMade),
		extras: make(map[string][]string), unsure: make(map[account.SourceID]string), former: make(map[account.SourceID]string),
		handled: make(map[account.SourceID]bool), usn: 1,
	}
	w.tables = newWorldTables(func() time.Time { return w.now })
	w.mail.AddDomain(account.Domain{Name: "example.com", Active: true, Quota: 1024})
	for i := range w.resources {
		w.resources[i] = worldResource(s, int64(i)+1)
		w.people[i] = &people{invocation: "dc1", tombstones: s.tombstones}
	}
	for i, name := range directoryNames {
		w.objects = append(w.objects, &directoryObject{name: name, group: i >= 5, resource: i % 2})
	}
	return w
}

func worldResource(s worldSettings, id int64) resource.Resource {
	res := resource.Resource{ID: id, Kind: resource.Samba, Enabled: true, Settings: resource.Defaults()}
	c, r := &res.Settings.Connection, &res.Settings.Replication
	c.Domain, c.Host, c.BaseDN, c.BindDN = "example.com", "dc1", worldBase(id), "reader"
	c.BindPassword = resource.NewSecret("s3cret")
	r.Groups, r.MaxRemovals, r.MaxRemovalPercent = true, 1000, 100
	r.Delete, r.DisableRemoved = s.deletes, s.disables
	if !s.links {
		r.ExistingAccounts = resource.LeaveExisting
	}
	return res
}

// object returns one of the objects for a number.
func (w *worldModel) object(n int) *directoryObject { return w.objects[n%len(w.objects)] }

// holders are the objects in the directory with an address.
func (w *worldModel) holders(address string) (all []*directoryObject) {
	for _, o := range w.objects {
		if o.present && o.address == address {
			all = append(all, o)
		}
	}
	return all
}

// free returns the first address from the nth on that no object in the directory has.
func (w *worldModel) free(n int) (string, bool) {
	for i := range worldAddresses {
		if a := worldAddress((n + i) % worldAddresses); len(w.holders(a)) == 0 {
			return a, true
		}
	}
	return "", false
}

// changed has the directory count a change of an object.
func (w *worldModel) changed(objects ...*directoryObject) {
	for _, o := range objects {
		w.usn++
		o.usn = w.usn
	}
}

// show has both readers see the directory as it is. Beside what the history is about there is a person and a group in each
// base, so that none is ever empty.
func (w *worldModel) show() {
	for r, p := range w.people {
		n := fmt.Sprint(r + 1)
		p.objects = append(p.objects[:0], user("anchor"+n, "anchor"+n+"@example.com", "Anchor"),
			account.Object{ID: account.SourceID("crowd" + n), Kind: account.Group, DN: "CN=crowd" + n, Mail: []string{"crowd" + n + "@example.com"},
				Members: []account.SourceID{account.SourceID("anchor" + n)}, Profile: account.Profile{account.Name: "Crowd"}})
		p.objects[0].USN, p.objects[1].USN = 1, 1
		p.outside = p.outside[:0]
		p.usn, p.touched = w.usn, w.deleted
	}
	for _, o := range w.objects {
		if !o.present {
			continue
		}
		w.people[o.resource].objects = append(w.people[o.resource].objects, o.value())
		other := w.people[1-o.resource]
		other.outside = append(other.outside, o.value())
	}
}

func (w *worldModel) tell(line string) {
	if line != "" {
		w.story = append(w.story, line)
	}
}

// accountsNow returns every account by its address.
func (w *worldModel) accountsNow(members bool) map[string]account.Account {
	all := make(map[string]account.Account)
	for a, err := range w.mail.Accounts(worldContext, "example.com", backends.Query{Members: members}) {
		if err != nil {
			panic(err)
		}
		all[a.Address] = a
	}
	return all
}

func short(address string) string { return strings.TrimSuffix(address, "@example.com") }

var silent = slog.New(slog.DiscardHandler)
