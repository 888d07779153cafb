package run_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// withWebmail is a harness that deletes accounts and their data, with an application that keeps data of two accounts.
func withWebmail(t *testing.T) (*harness, *webmail) {
	r := newHarness(t)
	r.res.Settings.Replication.Delete, r.res.Settings.Replication.DeleteAppData = true, true
	web := &webmail{data: map[string]string{"bob@example.com": "Bob's", "eve@example.com": "Eve's"}}
	r.config.Applications, r.config.Tasks = []run.Application{web}, r.tables
	r.people.objects = append(users(8), user("bob", "bob@example.com", "Bob"), user("eve", "eve@example.com", "Eve"))
	r.once()
	return r, web
}

func TestR14_APendingDeletionLeavesTheDataOfTheHeirOfTheAddress(t *testing.T) {
	eve := user("eve", "eve@example.com", "Eve")
	for name, heir := range map[string]func(*harness){
		"a newcomer":            func(r *harness) { r.put(user("new", "bob@example.com", "New")) },
		"the same person again": func(r *harness) { r.put(user("bob", "bob@example.com", "Bob")) },
		"a mailbox made by hand": func(r *harness) {
			r.mail.AddAccount(account.Account{Address: "bob@example.com", Kind: account.Mailbox, Active: true, Home: "/by/hand/"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, web := withWebmail(t)
			web.down = errors.New("connection refused")
			r.people.objects = append(users(8), eve)
			assert.Contains(t, r.log(r.once()), "deleted bob@example.com reason_left")
			heir(r)
			r.once()
			web.data["bob@example.com"] = "the heir's"

			web.down = nil
			last := r.once()
			assert.Equal(t, "the heir's", web.data["bob@example.com"])
			assert.Contains(t, touched(r), "ignored bob@example.com reason_application_heir")
			assert.Equal(t, run.Succeeded, last.Outcome)
			assert.Empty(t, r.tables.tasks)
		})
	}
}

func TestR14_APendingDeletionIsMadeUpForWhereNobodyHasTheAddress(t *testing.T) {
	r, web := withWebmail(t)
	web.down = errors.New("connection refused")
	r.people.objects = append(users(8), user("eve", "eve@example.com", "Eve"))
	r.once()
	web.down = nil
	assert.Empty(t, r.once().Counts)
	assert.Equal(t, map[string]string{"eve@example.com": "Eve's"}, web.data)
}

// Bob's data is in the way of nobody's but Eve's, which is still where she was.
func TestR14_ALeaversDataGoesThoughSomebodyWasRenamedToTheAddress(t *testing.T) {
	r, web := withWebmail(t)
	web.down = errors.New("connection refused")
	r.people.objects = append(users(8), user("eve", "bob@example.com", "Eve"))
	r.once()
	assert.NotEmpty(t, r.tables.tasks)
	web.down = nil
	assert.Empty(t, r.once().Counts)
	assert.Equal(t, map[string]string{"bob@example.com": "Eve's"}, web.data)
	assert.Empty(t, r.tables.tasks)
}

func TestR8_APendingRenamingLeavesTheDataOfTheHeirOfTheAddress(t *testing.T) {
	r, web := withWebmail(t)
	web.down = errors.New("connection refused")
	r.people.objects = append(users(8), user("bob", "robert@example.com", "Bob"), user("eve", "eva@example.com", "Eve"))
	r.once()
	r.put(user("new", "bob@example.com", "New"))
	r.once()
	web.data["bob@example.com"] = "the heir's"

	web.down = nil
	assert.Equal(t, []string{"ignored robert@example.com reason_application_heir"}, r.log(r.once()))
	assert.Equal(t, map[string]string{"bob@example.com": "the heir's", "eva@example.com": "Eve's"}, web.data, "others follow")
}

// The panel was killed between the log rows and the task, and somebody got the address before the next run.
func TestR19_ATaskOfAnEarlierRunSparesAnHeir(t *testing.T) {
	r, web := withWebmail(t)
	r.config.Applications = nil
	r.people.objects = append(users(8), user("new", "bob@example.com", "New"), user("eve", "eve@example.com", "Eve"))
	r.once()
	r.tables.tasks = []run.Task{
		{ID: 1, Application: "webmail", Run: 1, Accounts: []run.Affected{{Source: "bob", Address: "bob@example.com"}}},
		{ID: 2, Application: "webmail", Run: 1, Accounts: []run.Affected{{Source: "gone", Address: "gone@example.com"}}},
	}
	web.data["gone@example.com"] = "Gone's"
	r.config.Applications = []run.Application{web}
	assert.Equal(t, []string{"ignored bob@example.com reason_application_heir"}, r.log(r.once()))
	assert.Contains(t, web.data, "bob@example.com")
	assert.NotContains(t, web.data, "gone@example.com", "nobody has that address")
	assert.Empty(t, r.tables.tasks)
}

func TestR8_AnApplicationThatIsDownKeepsNoOtherWaiting(t *testing.T) {
	r, web := withWebmail(t)
	down := &webmail{name: "calendar", data: map[string]string{}, down: errors.New("connection refused")}
	r.config.Applications = []run.Application{down, web}
	for i := range 300 {
		r.tables.taskID++
		address := fmt.Sprintf("old%d@example.com", i)
		r.tables.tasks = append(r.tables.tasks, run.Task{
			ID: r.tables.taskID, Application: "calendar", Accounts: []run.Affected{{Source: account.SourceID(address), Address: address}},
		})
	}
	r.put(user("bob", "robert@example.com", "Bob"))
	assert.Contains(t, r.log(r.once()), "renamed robert@example.com")
	assert.Equal(t, map[string]string{"robert@example.com": "Bob's", "eve@example.com": "Eve's"}, web.data)

	down.down = nil
	r.once()
	r.once()
	assert.Empty(t, r.tables.tasks, "two hundred in a run")
}
