package run_test

import (
	"maps"
	"slices"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// check looks at the final state.
func (w *worldModel) check() {
	s := w.finalState()
	s.checkObjects()
	s.checkLeavers()
	s.checkMembers()
	s.checkMaildirs()
	s.checkLinks()
	s.checkOwners()
	s.checkLog()
	if len(w.violated) == 0 && !w.fresh {
		s.checkFresh()
	}
}

// checkMaildirs looks for a mail directory that two mailboxes have, or had (rule R5).
func (s *finalState) checkMaildirs() {
	taken := make(map[string]string)
	for _, d := range s.mail.DeletedMailboxes() {
		taken[account.NormalHome(d.Home)] = "the deleted " + d.Address
	}
	for _, a := range s.accounts {
		if a.Kind != account.Mailbox {
			continue
		}
		home := account.NormalHome(a.Home)
		if other := taken[home]; other != "" || home == "" {
			s.violate("3 maildirs", "%s and %s have %q", short(a.Address), short(other), a.Home)
		}
		taken[home] = a.Address
	}
}

// checkLinks looks for links that lead nowhere, or say that something is not done (rule R19).
func (s *finalState) checkLinks() {
	for key, l := range s.byKey {
		if s.unsure[key.source] != "" {
			continue
		}
		a, exists := s.accounts[l.Address]
		switch {
		case l.State != account.Confirmed:
			s.violate("4 confirmed", "the link of %s to %s is %s", l.Source, short(l.Address), l.State)
		case !exists || a.Kind != l.Kind:
			s.violate("4 leads", "the link of %s leads to %s, which is not there", l.Source, short(l.Address))
		case l.Home != "" && a.Home != l.Home:
			s.violate("4 maildir", "the link of %s leads to %s in %s, which is in %s", l.Source, short(l.Address), l.Home, a.Home)
		}
	}
}

// checkOwners looks for accounts that a run made and that are nobody's (rule R19). The account of an object that is gone may
// have no link, where it stays.
func (s *finalState) checkOwners() {
	for _, a := range s.accounts {
		if _, linked := s.links[a.Address]; linked || notesOf(&a).mark != "" {
			continue
		}
		stays := false
		for _, o := range s.objects {
			stays = stays || !o.present && o.address == a.Address
		}
		for _, address := range s.former {
			stays = stays || address == a.Address
		}
		if s.settings.deletes || !stays {
			s.violate("5 owners", "%s %s is nobody's", a.Kind, short(a.Address))
		}
	}
}

// checkLog replays the log: it ends with the accounts that are linked (rule R21). It says nothing of objects whose account
// was deleted or replaced by hand, or that moved to the other base.
func (s *finalState) checkLog() {
	told := make(map[linkKey]string)
	for _, e := range s.tables.log {
		key := linkKey{s.tables.runs[e.Run-1].Resource, e.Source}
		switch e.Action {
		case account.ActionCreated, account.ActionLinked:
			if before := told[key]; before != "" && s.says(e.Source) {
				s.violate("8 twice", "the log has %s %s of %s, which has %s already", e.Action, short(e.Address), e.Source, short(before))
			}
			told[key] = e.Address
		case account.ActionRenamed:
			if before := told[key]; before != e.Diff[0].Old && s.disturbed == 0 && s.says(e.Source) {
				s.violate("8 renamed", "the log has %s renamed from %s, which was %s", e.Source, short(e.Diff[0].Old), short(before))
			}
			told[key] = e.Address
		case account.ActionDeleted:
			delete(told, key)
		}
	}
	is := make(map[linkKey]string)
	for key, l := range s.byKey {
		is[key] = l.Address
	}
	for _, all := range []map[linkKey]string{told, is} {
		for key := range maps.Keys(all) {
			if told[key] != is[key] && s.says(key.source) {
				s.violate("8 log", "the log leaves %s with %q, and the link leads to %q", key.source, told[key], is[key])
			}
		}
	}
}

// says reports whether the log must tell all that happened to an object.
func (s *finalState) says(id account.SourceID) bool {
	for _, o := range s.objects {
		if o.moved && o.id == id {
			return false
		}
	}
	return !s.handled[id] && s.unsure[id] == ""
}

// checkFresh compares with a replication of the same directory into an empty domain (rule R19), where nothing is left of
// what happened on the way.
func (s *finalState) checkFresh() {
	for _, o := range s.objects {
		if o.present && !s.knows(o) {
			return
		}
	}
	if s.byHand {
		return
	}
	s.compared++
	fresh := newWorldModel(s.settings)
	fresh.objects, fresh.usn, fresh.now, fresh.deleted = s.objects, s.usn, s.now, s.deleted
	fresh.crossing, fresh.fresh = s.crossing, true
	fresh.finish()
	if len(fresh.violated) > 0 {
		s.violate("9 fresh", "a fresh replication: %v", fresh.violated)
		return
	}
	rule, want := "9 fresh", fresh.finalState()
	if slices.ContainsFunc(s.objects, func(o *directoryObject) bool { return o.moved }) {
		rule = "R16 moved: fresh"
	}
	for address, a := range s.accounts {
		l := s.links[address]
		if s.objectOf(&l) == nil && !isAnchor(l.Source) {
			continue // what stays of an object that is gone
		}
		b := want.accounts[address]
		if a.Kind != b.Kind || a.Active != b.Active || a.Profile != b.Profile {
			s.violate(rule, "%s is a %s, %q, active %t, and in a fresh replication a %s, %q, active %t", short(address), a.Kind,
				a.Profile[account.Name], a.Active, b.Kind, b.Profile[account.Name], b.Active)
		}
	}
	for address := range want.accounts {
		if _, exists := s.accounts[address]; !exists {
			s.violate(rule, "%s is only there in a fresh replication", short(address))
		}
	}
}
