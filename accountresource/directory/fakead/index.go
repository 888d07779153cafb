package fakead

import (
	"iter"
	"sort"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// stamp is a change of an entry.
type stamp struct {
	usn   int64
	entry *entry
}

// candidates are the entries that a query has to look at from where its page begins, each with where a page would go on
// from it: all, or, as uSNChanged is indexed in Active Directory, those that changed late enough for the filter.
func (t *tree) candidates(q query) iter.Seq2[int, *entry] {
	least, indexed := changedSince(q.filter)
	if !indexed {
		return func(yield func(int, *entry) bool) {
			for i := q.from; i < len(t.entries); i++ {
				if !yield(i, t.entries[i]) {
					return
				}
			}
		}
	}
	least = max(least, int64(q.from))
	return func(yield func(int, *entry) bool) {
		first := sort.Search(len(t.byUSN), func(i int) bool { return t.byUSN[i].usn >= least })
		for _, s := range t.byUSN[first:] {
			if s.usn == s.entry.usn && !yield(int(s.usn), s.entry) {
				return
			}
		}
	}
}

// changedSince finds the least change counter that a filter lets pass, where it says so in its outermost conjunction.
func changedSince(filter *ber.Packet) (least int64, found bool) {
	switch filter.Tag {
	case ldap.FilterAnd:
		for _, part := range filter.Children {
			if least, found = changedSince(part); found {
				return least, true
			}
		}
	case ldap.FilterGreaterOrEqual:
		if len(filter.Children) == 2 && strings.EqualFold(text(filter.Children[0]), "uSNChanged") {
			return number(text(filter.Children[1])), true
		}
	}
	return 0, false
}
