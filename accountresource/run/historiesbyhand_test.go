package run_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// handMade is an account that an admin of the mail store made. Its title, for which the store has no place that a run
// writes, holds its mark.
type handMade struct {
	mark, address string
	// untouchable says that no object of the directory ever had the address but those whose link the account has parted
	// from it (rule R26), so that no run may touch the account.
	untouchable bool
	parted      []account.SourceID
	// standsIn says that nothing tells the account from that of a link: an alias has no mail directory.
	standsIn bool
}

// notes are what an admin wrote into the title of an account: its mark, and that it was switched off by hand.
type notes struct {
	mark       string
	off, maybe bool
}

func notesOf(a *account.Account) (n notes) {
	for word := range strings.FieldsSeq(a.Profile[account.Title]) {
		switch word {
		case "off":
			n.off = true
		case "maybe":
			n.maybe = true
		default:
			n.mark = word
		}
	}
	return n
}

func (n notes) String() string {
	words := []string{n.mark}
	if n.off {
		words = append(words, "off")
	}
	if n.maybe {
		words = append(words, "maybe")
	}
	return strings.TrimSpace(strings.Join(words, " "))
}

// linksAt are the links that have an address, or whose claim takes it from their account.
func (w *worldModel) linksAt(address string) []account.Link {
	return w.tables.sorted(func(l *account.Link) bool { return l.Address == address || l.Former() == address })
}

// accountAt returns the account that a number names.
func (w *worldModel) accountAt(n int) (a account.Account, exists bool) {
	a, exists = w.accountsNow(false)[worldAddress(n%worldAddresses)]
	return a, exists
}

func (w *worldModel) write(a account.Account, n notes) {
	w.byHand = true
	a.Profile[account.Title] = n.String()
	w.mail.AddAccount(a)
}

// switchByHand switches an account on or off. Where a run had switched it off, or may be about to, nobody can tell later
// whose doing it is that it is off.
func (w *worldModel) switchByHand(s *historyStep) string {
	a, exists := w.accountAt(s.at)
	if !exists {
		return ""
	}
	n := notesOf(&a)
	a.Active = !a.Active
	n.off, n.maybe = !a.Active, false
	for _, l := range w.linksAt(a.Address) {
		if n.off && (l.State != account.Confirmed || switchedOff(&l)) {
			n.off, n.maybe = false, true
		}
	}
	w.write(a, n)
	return fmt.Sprintf("by hand: %s active %t", short(a.Address), a.Active)
}

// switchedOff reports whether a run has switched the account off.
func switchedOff(l *account.Link) bool { return l.Off != "" }

func (w *worldModel) deleteByHand(s *historyStep) string {
	a, exists := w.accountAt(s.at)
	if !exists {
		return ""
	}
	w.deleteAccount(&a)
	return "by hand: " + short(a.Address) + " deleted"
}

func (w *worldModel) deleteAccount(a *account.Account) {
	w.byHand = true
	for _, l := range w.linksAt(a.Address) {
		w.handled[l.Source] = true
	}
	delete(w.local, notesOf(a).mark)
	deletion := operation{Verb: account.Delete, Kind: a.Kind, Address: a.Address, Home: a.Home}
	if _, err := w.mail.Apply(worldContext, account.Domain{Name: "example.com"}, []operation{deletion}); err != nil {
		panic(err)
	}
}

// replaceByHand deletes an account and makes another one at its address, for somebody else.
func (w *worldModel) replaceByHand(s *historyStep) string {
	a, exists := w.accountAt(s.at)
	if !exists {
		return ""
	}
	w.deleteAccount(&a)
	return "by hand: " + short(a.Address) + " deleted, and made again as " + w.makeAccount(a.Address, s.other)
}

func (w *worldModel) makeByHand(s *historyStep) string {
	if _, exists := w.accountAt(s.at); exists {
		return ""
	}
	return "by hand: made " + w.makeAccount(worldAddress(s.at%worldAddresses), s.other)
}

// makeAccount makes a mailbox, or an alias with a member, and says what.
func (w *worldModel) makeAccount(address string, n int) string {
	w.made++
	h := &handMade{mark: fmt.Sprint("hand", w.made), address: address, untouchable: true}
	w.local[h.mark] = h
	a := account.Account{
		Address: address, Kind: account.Mailbox, Active: n%8 > 0, Home: fmt.Sprintf("/var/vmail/byhand/%d/", w.made),
		Made: fmt.Sprint("by hand ", w.made), Profile: account.Profile{account.Name: fmt.Sprint("By hand ", w.made)},
	}
	if n%3 == 0 {
		a.Kind, a.Home = account.Alias, ""
	}
	for _, l := range w.linksAt(address) {
		w.unsure[l.Source] = "an account was made by hand where its link leads"
		h.standsIn = h.standsIn || l.Kind == account.Alias && a.Kind == account.Alias
		if h.standsIn || l.State == account.Creating || l.State == account.Linking {
			h.untouchable = false
			continue
		}
		h.parted = append(h.parted, l.Source)
	}
	w.write(a, notes{mark: h.mark, off: !a.Active})
	if a.Kind == account.Alias {
		w.addMember(&a)
	}
	w.guard()
	return fmt.Sprintf("a %s at %s, active %t", a.Kind, short(address), a.Active)
}

// guard finds out which accounts that were made by hand an object may have taken over since.
func (w *worldModel) guard() {
	for _, h := range w.local {
		holders := w.holders(h.address)
		has := func(id account.SourceID) bool {
			return slices.ContainsFunc(holders, func(o *directoryObject) bool { return o.id == id })
		}
		h.parted = slices.DeleteFunc(h.parted, func(id account.SourceID) bool { return !has(id) })
		for _, o := range holders {
			h.untouchable = h.untouchable && (!w.settings.links || slices.Contains(h.parted, o.id) && !o.moved)
		}
	}
}

func (w *worldModel) nameByHand(s *historyStep) string {
	a, exists := w.accountAt(s.at)
	if !exists {
		return ""
	}
	a.Profile[account.Name] = fmt.Sprint("Named by hand ", s.other)
	w.write(a, notesOf(&a))
	return fmt.Sprintf("by hand: %s named %q", short(a.Address), a.Profile[account.Name])
}

func (w *worldModel) addMemberByHand(s *historyStep) string {
	a, exists := w.accountAt(s.at)
	if !exists || a.Kind != account.Alias {
		return ""
	}
	return fmt.Sprintf("by hand: %s gets the member %s", short(a.Address), w.addMember(&a))
}

// addMember gives an alias a member that is in no directory.
func (w *worldModel) addMember(a *account.Account) string {
	w.byHand = true
	w.extra++
	member, mark := fmt.Sprintf("local%d@elsewhere.example", w.extra), notesOf(a).mark
	w.mail.AddRoute(account.Route{Address: a.Address, Forwarding: member}, true)
	if mark != "" {
		w.extras[mark] = append(w.extras[mark], member)
	}
	return member
}

// checkLocal compares the accounts that were made by hand before and after a run.
func (w *worldModel) checkLocal(before map[string]account.Account, rows []string) {
	after := make(map[string]account.Account)
	for _, a := range w.accountsNow(false) {
		after[notesOf(&a).mark] = a
	}
	for _, b := range before {
		mark := notesOf(&b).mark
		a, exists := after[mark]
		h := w.local[mark]
		switch {
		case h == nil || h.standsIn:
		case !exists:
			w.violate("6 deleted", "%s, which was made by hand at %s, is gone", mark, short(b.Address))
		case a.Home != b.Home:
			w.violate("R8 path", "%s has another mail directory: %s, before %s", mark, a.Home, b.Home)
		case h.untouchable && (a.Address != b.Address || a.Active != b.Active || a.Profile != b.Profile):
			w.violate("6 untouched", "%s, which was made by hand at %s, is no object's, and was changed: now %q at %s, active %t", mark,
				short(b.Address), a.Profile[account.Name], short(a.Address), a.Active)
		case b.Active && !a.Active && slices.ContainsFunc(rows, func(row string) bool {
			return strings.HasPrefix(row, "linked "+short(a.Address)+" ")
		}):
			w.violate("R4 held", "linking %s switches it off", short(a.Address))
		}
	}
}
