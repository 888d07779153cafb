package web

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// heldPage is how many changes that wait are on one page.
const heldPage = 50

// heldView is the list of what waits for an admin, a page of it.
type heldView struct {
	Held   []run.Held
	Marked []string // those of them that were marked before, by object
	Whole  []string // the kinds that were marked whole
	Unsure int      // how many of those would be deleted, and were not confirmed by a tick
	Page   int      // from 1
	List   string   // where the pages of the list are
	keep   int      // for how many days the mail of who is deleted is kept
}

func (w *Web) heldOf(r *request, res *resource.Resource, p *page) (*heldView, error) {
	held, err := w.cfg.Removals.Waiting(r.UserContext(), res.ID)
	if err != nil {
		return nil, err
	}
	number, _ := strconv.Atoi(r.Query("page")) // none is the first
	return &heldView{
		Held: held, Marked: p.marked, Whole: p.whole, Unsure: p.unsure, Page: max(number, 1),
		List: w.cfg.Prefix + pathOf(res.ID, "/removals"), keep: res.Settings.Replication.KeepDays,
	}, nil
}

// removalsView is the page that has nothing but what waits.
type removalsView struct {
	resource.Resource
	*heldView
}

// waiting is GET /:id/removals?page=: what waits for an admin.
func (w *Web) waiting(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	v, err := w.heldOf(r, &res, &page{})
	if err != nil {
		return err
	}
	return r.render(fiber.StatusOK, "removals", "removals_title", removalsView{res, v})
}

// Waiting are the held changes that nobody has decided on.
func (v *heldView) Waiting() []run.Held {
	return slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision != "" })
}

// heldGroup are held changes of one kind.
type heldGroup struct {
	Action  account.Action
	Changes []heldRow // those of the page
	Total   int
	// Reason is why all of them wait; nothing where they differ.
	Reason account.Message
	// Digest tells whether the kind has the same changes when it is decided on.
	Digest string
	Marked bool
}

// heldRow is a change that waits.
type heldRow struct {
	run.Held
	Marked bool
}

// WaitingGroups are the held changes of the page that nobody has decided on, by what would happen. What was marked comes first.
func (v *heldView) WaitingGroups() (groups []heldGroup) {
	rows := v.rows(v.Waiting())
	slices.SortStableFunc(rows, func(a, b heldRow) int {
		switch {
		case a.Marked == b.Marked:
			return 0
		case a.Marked:
			return -1
		}
		return 1
	})
	from, to := (v.Page-1)*heldPage, v.Page*heldPage
	for _, action := range account.HeldActions() {
		all := slices.DeleteFunc(slices.Clone(rows), func(h heldRow) bool { return h.Action != action })
		g := heldGroup{Action: action, Total: len(all), Digest: digestOf(v.Held, action), Marked: slices.Contains(v.Whole, string(action))}
		if g.Changes = all[min(max(from, 0), len(all)):min(max(to, 0), len(all))]; len(g.Changes) > 0 {
			g.Reason = sameReason(all)
			groups = append(groups, g)
		}
		from, to = from-len(all), to-len(all)
	}
	return groups
}

// sameReason returns the reason of all rows; nothing where they differ.
func sameReason(rows []heldRow) account.Message {
	first := rows[0].Reason
	for i := range rows {
		if !reflect.DeepEqual(rows[i].Reason, first) {
			return account.Message{}
		}
	}
	return first
}

// Pages is how many pages the list has.
func (v *heldView) Pages() int { return max((len(v.Waiting())+heldPage-1)/heldPage, 1) }

// Before and After are the numbers of the neighbouring pages; 0 where there is none.
func (v *heldView) Before() int { return min(v.Page-1, v.Pages()) }

// After is the number of the next page.
func (v *heldView) After() int {
	if v.Page >= v.Pages() {
		return 0
	}
	return v.Page + 1
}

// rows returns held changes as rows, marked where the admin had marked them.
func (v *heldView) rows(held []run.Held) []heldRow {
	marked := slices.Clone(v.Marked)
	slices.Sort(marked)
	rows := make([]heldRow, len(held))
	for i := range held {
		_, isMarked := slices.BinarySearch(marked, string(held[i].Source))
		rows[i] = heldRow{held[i], isMarked}
	}
	return rows
}

// OnlyRemovals reports whether nothing is held but removals.
func (v *heldView) OnlyRemovals() bool {
	return !slices.ContainsFunc(v.Held, func(h run.Held) bool { return !h.Action.Removes() })
}

// Decided are the others: they are made or let be by the next run.
func (v *heldView) Decided() []heldRow {
	return v.rows(slices.DeleteFunc(slices.Clone(v.Held), func(h run.Held) bool { return h.Decision == "" }))
}

// Deletes reports whether something held would delete an account.
func (v *heldView) Deletes() bool { return deletions(v.Held) > 0 }

// Claims reports whether a newcomer waits for the address of somebody else.
func (v *heldView) Claims() bool { return v.holds(account.ActionTakenOver) }

// Unusable reports whether an account may be retired.
func (v *heldView) Unusable() bool { return v.holds(account.ActionUnusable) }

func (v *heldView) holds(a account.Action) bool {
	return slices.ContainsFunc(v.Held, func(h run.Held) bool { return h.Action == a })
}

// KeptUntil is the day from which the mail of accounts may go that are deleted today; zero keeps it for ever.
func (v *heldView) KeptUntil() time.Time {
	if v.keep > 0 {
		return time.Now().AddDate(0, 0, v.keep)
	}
	return time.Time{}
}

// CommonName is what the directory calls the object at a DN, for people.
func (v *heldView) CommonName(dn string) string {
	_, name, _ := strings.Cut(dn, "=")
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case ',', '+':
			name = name[:i]
		}
	}
	return strings.NewReplacer(`\,`, ",", `\+`, "+", `\"`, `"`, `\\`, `\`, `\#`, "#", `\;`, ";").Replace(name)
}

// DayOf writes a day for people.
func (s *localizer) DayOf(t time.Time) string { return t.Local().Format(time.DateOnly) }
