using System.Text.Json.Nodes;
using Paws.Runner.Reporting;
using Paws.Runner.Reporting.Figures;

namespace Paws.Runner.Repro;

/// <summary>What <c>paws repro</c> was asked to do.</summary>
internal sealed record ReproRequest
{
    /// <summary>Tables and figures, in order.</summary>
    public required IReadOnlyList<string> Items { get; init; }

    /// <summary>Name of the scale.</summary>
    public required string Scale { get; init; }

    /// <summary>Seeds of each arm; null takes the scale's.</summary>
    public int? Seeds { get; init; }

    /// <summary>Runs side by side.</summary>
    public required int Jobs { get; init; }

    /// <summary>Where results go.</summary>
    public required ReproFolder Folder { get; init; }

    /// <summary>Where runs work: checkpoints and weights.</summary>
    public required string Work { get; init; }

    /// <summary>Trains nothing: tables, figures and page from the records that are there.</summary>
    public bool Draw { get; init; }
}

/// <summary>Runs what has no record, one run for all the cells that ask for the same, then writes tables, figures and the page.</summary>
internal sealed class ReproJob(ReproRequest request, IRunner runner, CommandConsole console, CancellationToken stop)
{
    /// <summary>Runs to the end.</summary>
    /// <exception cref="UserErrorException">Runs failed; all others have ended and what they showed is written.</exception>
    public void Run()
    {
        var scale = ReproFiles.Scale(request.Scale);
        var seeds = request.Seeds ?? scale.Seeds;
        var store = new RunStore(request.Folder.Runs(scale.Name));
        var plans = new List<ReproPlan>();
        foreach (var item in request.Items.Select(ReproFiles.Item))
        {
            if (item.Skip.TryGetValue(scale.Name, out var reason))
            {
                console.Say($"{item.Name} is left out at scale {scale.Name}: {reason.Trim()}");
                continue;
            }
            plans.Add(new ReproPlan(item, scale, seeds));
        }
        // All arms of one seed before the next seed, so that a plan that is stopped has something of everything.
        ReproRun[] runs =
        [
            .. plans.SelectMany(p => p.Cells).SelectMany(c => c.Runs).DistinctBy(r => r.Key).OrderBy(r => r.Config.Meta.Seed),
        ];
        var recorded = runs.Count(run => store.Find(run) is not null);
        console.Say(
            $"scale {scale.Name}: {string.Join(", ", plans.Select(p => p.Item.Name))}; seeds: {seeds}; runs: {runs.Length}, of them recorded already: {recorded}"
        );
        IReadOnlyList<string> failures = [],
            taken = [];
        if (!request.Draw)
        {
            using var view = ConsoleProgress.Create(console.People);
            var queue = new RunQueue(runner, store, request.Work, view);
            try
            {
                queue.Work(runs, request.Jobs, stop);
            }
            catch (OperationCanceledException e)
            {
                Write(plans, store, CancellationToken.None); // what there is so far
                throw new PlanStoppedException(e);
            }
            (failures, taken) = (queue.Failures, queue.Taken);
        }
        var results = Write(plans, store, stop);
        if (ReproFiles.Items.All(request.Items.Contains) && store.Besides(runs) is { Count: > 0 } besides)
        {
            console.Say($"records that nothing at this scale and number of seeds asks for: {string.Join(", ", besides)}");
        }
        if (SvgImage.MissingFont is { } notice)
        {
            console.Say(notice);
        }
        Summarise(plans, results);
        if (taken.Count > 0)
        {
            console.Say(
                $"runs left to another paws repro: {taken.Count}; when it has ended, --draw-only takes them into tables and figures"
            );
        }
        if (failures.Count > 0)
        {
            throw new UserErrorException($"{failures.Count} of {runs.Length} runs failed:\n{string.Join('\n', failures)}");
        }
    }

    private IReadOnlyList<ItemResult> Write(IReadOnlyList<ReproPlan> plans, RunStore store, CancellationToken stop)
    {
        var results = new List<ItemResult>();
        foreach (var plan in plans)
        {
            stop.ThrowIfCancellationRequested();
            var (result, id) = (ItemResult.Of(plan, store), plan.Item.Id);
            results.Add(result);
            var table = new ItemTable(plan, result);
            string Path(string extension) => request.Folder.File(plan.Scale.Name, id, extension);
            AtomicFile.WriteAllText(Path(".md"), $"# {plan.Item.Name}: {plan.Item.Title}\n\n{table.ToMarkdown()}");
            AtomicFile.WriteAllText(Path(".csv"), table.ToCsv());
            foreach (var (extension, content) in new ItemDrawing(plan, result, store, request.Work, console, stop).Files())
            {
                AtomicFile.Write(Path(extension), stream => stream.Write(content));
            }
            AtomicFile.WriteAllText(Path(".json"), result.ToJson());
        }
        AtomicFile.WriteAllText(request.Folder.Page, ResultsPage.Write(request.Folder));
        return results;
    }

    private void Summarise(IReadOnlyList<ReproPlan> plans, IReadOnlyList<ItemResult> results)
    {
        foreach (var (plan, result) in plans.Zip(results))
        {
            var verdict = plan.Item.Claim.Length == 0 ? "drawn" : Verdict.Word(result.Outcome);
            console.Say($"{plan.Item.Name}, {plan.Item.Title}: {verdict}, {result.Finished} of {result.Runs} runs");
        }
        console.Say($"tables and figures: {Path.Combine(request.Folder.Root, "results", request.Scale)}; page: {request.Folder.Page}");
        console.WriteResult(
            new JsonObject
            {
                ["scale"] = request.Scale,
                ["page"] = request.Folder.Page,
                ["items"] = new JsonArray([
                    .. results.Select(r => new JsonObject
                    {
                        ["id"] = r.Id,
                        ["outcome"] = Verdict.Word(r.Outcome),
                        ["runs"] = r.Runs,
                        ["finished"] = r.Finished,
                    }),
                ]),
            }
        );
    }
}
