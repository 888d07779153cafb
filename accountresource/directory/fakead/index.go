package fakead

import (
	"iter"
	"maps"
	"slices"
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
// from it: all, or, by what is indexed in Active Directory, those that the filter names or that changed late enough for it.
func (t *tree) candidates(q query) iter.Seq2[int, *entry] {
	if named, indexed := t.named(q.filter); indexed {
		slices.SortFunc(named, func(a, b *entry) int { return a.at - b.at })
		named = slices.Compact(named)
		return func(yield func(int, *entry) bool) {
			for _, e := range named {
				if e.at >= q.from && !yield(e.at, e) {
					return
				}
			}
		}
	}
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

// named returns the entries that a filter can let pass as it names them: by identity or by a member; ok is false where others may
// pass too.
func (t *tree) named(filter *ber.Packet) (found []*entry, ok bool) {
	switch filter.Tag {
	case ldap.FilterAnd:
		for _, part := range filter.Children {
			if found, ok = t.named(part); ok {
				return found, true
			}
		}
	case ldap.FilterOr:
		for _, part := range filter.Children {
			some, ok := t.named(part)
			if !ok {
				return nil, false
			}
			found = append(found, some...)
		}
		return found, true
	case ldap.FilterEqualityMatch:
		if len(filter.Children) != 2 {
			return nil, false
		}
		value := text(filter.Children[1])
		switch strings.ToLower(text(filter.Children[0])) {
		case "objectguid":
			return present(t.byID[value]), true
		case "objectsid":
			return present(t.bySID[value]), true
		case "primarygroupid":
			return slices.Collect(maps.Keys(t.primary[value])), true
		case "member":
			if e := t.find(value); e != nil {
				return slices.Clone(e.memberOf), true
			}
			return nil, true
		}
	}
	return nil, false
}

// indexPrimary brings the index of primary groups in step with an entry.
func (t *tree) indexPrimary(e *entry) {
	now := e.first("primaryGroupID")
	if now == e.primary {
		return
	}
	delete(t.primary[e.primary], e)
	if e.primary = now; now != "" {
		if t.primary[now] == nil {
			t.primary[now] = make(map[*entry]bool)
		}
		t.primary[now][e] = true
	}
}

func present(e *entry) []*entry {
	if e == nil {
		return nil
	}
	return []*entry{e}
}
