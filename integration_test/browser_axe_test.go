//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// axeSource is axe-core, which install.sh fetches.
var axeSource = sync.OnceValues(func() (string, error) {
	content, err := os.ReadFile(filepath.Join("..", "build", "axe", "node_modules", "axe-core", "axe.min.js"))
	return string(content), err
})

// barrier is something that keeps people out of a page, as axe-core reports it.
type barrier struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// findBarriers looks for all that axe-core knows, or with a rule for that alone.
const findBarriers = `axe.run(document, {resultTypes: ["violations"], ...(%[1]q ? {runOnly: [%[1]q]} : {})}).then((found) => JSON.stringify(found.violations.map((v) => ({
	id: v.id, help: v.help, nodes: v.nodes.slice(0, 4).map((n) => n.html.slice(0, 300) + " :: " + n.failureSummary)}))))`

// accessible fails where axe-core finds a barrier in the page as it stands, in either scheme: colours are all that differs.
func (b *browser) accessible(name string) {
	b.tb.Helper()
	b.barriers(name, "")
	b.do(prefer("dark"))
	b.barriers(name+", dark", "color-contrast")
	b.do(prefer("light"))
}

func (b *browser) barriers(name, rule string) {
	b.tb.Helper()
	source, err := axeSource()
	require.NoError(b.tb, err, "integration_test/servers/install.sh fetches it")
	if !evaluate[bool](b, `"axe" in window`) {
		b.do(chromedp.Evaluate[chromedp.Void](source))
	}
	var found []barrier
	require.NoError(b.tb, json.Unmarshal([]byte(promised[string](b, fmt.Sprintf(findBarriers, rule))), &found))
	for _, one := range found {
		assert.Fail(b.tb, name+": "+one.ID+": "+one.Help, strings.Join(one.Nodes, "\n"))
	}
}

// promised is what a promise comes to.
func promised[T any](b *browser, script string) T {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(b.tb, err, script)
	return value
}

// still fails where the page moved while it was loaded: by cumulative layout shift, a tenth is where people notice.
func (b *browser) still(name string) {
	b.tb.Helper()
	var moved struct {
		Sum   float64  `json:"sum"`
		Nodes []string `json:"nodes"`
	}
	require.NoError(b.tb, json.Unmarshal([]byte(promised[string](b, `new Promise((resolve) => {
		const moved = {sum: 0, nodes: []};
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) {
				if (entry.hadRecentInput) continue;
				moved.sum += entry.value;
				for (const {node} of entry.sources) moved.nodes.push(node?.outerHTML?.slice(0, 80) ?? node?.nodeValue ?? "");
			}
		}).observe({type: "layout-shift", buffered: true});
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(JSON.stringify(moved)))));
	})`)), &moved))
	assert.Less(b.tb, moved.Sum, 0.1, "%s moves while it is loaded: %q", name, moved.Nodes)
	if moved.Sum > 0 {
		b.tb.Logf("%s: %f %q", name, moved.Sum, moved.Nodes)
	}
}
