using System.Collections.Concurrent;
using Paws.Runner.Reporting;

namespace Paws.Runner.Repro;

/// <summary>Takes the runs of a plan that have no record yet to their end, some of them side by side, and records each as it ends.</summary>
/// <param name="runner">Who trains.</param>
/// <param name="store">Where records go.</param>
/// <param name="work">Folder of the run directories.</param>
/// <param name="view">Progress over the whole plan.</param>
internal sealed class RunQueue(IRunner runner, RunStore store, string work, IProgressView view)
{
    private readonly Lock gate = new();
    private readonly List<string> failures = [];
    private readonly Dictionary<string, double> shares = [];

    /// <summary>What failed, one line each.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>Works through the runs in their order, <paramref name="jobs"/> at a time. A run that fails does not keep the others from running.</summary>
    /// <exception cref="OperationCanceledException">Stopping was asked for; all runs under way have saved.</exception>
    public void Work(IReadOnlyList<ReproRun> runs, int jobs, CancellationToken stop)
    {
        ReproRun[] open = [.. runs.Where(run => store.Find(run) is null)];
        if (open.Length == 0)
        {
            return;
        }
        var (total, before) = (runs.Sum(r => r.Cost), runs.Except(open).Sum(r => r.Cost));
        var waiting = new ConcurrentQueue<ReproRun>(open);
        view.Begin(open.Length == 1 ? "1 run" : $"{open.Length} runs", total, before);
        Task[] workers = [.. Enumerable.Range(0, Math.Min(jobs, open.Length)).Select(_ => Task.Run(Worker, CancellationToken.None))];
        try
        {
            Task.WhenAll(workers).GetAwaiter().GetResult();
        }
        finally
        {
            view.End();
        }

        async Task Worker()
        {
            while (!stop.IsCancellationRequested && waiting.TryDequeue(out var run))
            {
                var directory = Path.Combine(work, run.Key);
                Directory.CreateDirectory(work);
                try
                {
                    await runner.Run(run, directory, share => Report(run, share), stop).ConfigureAwait(false);
                    store.Keep(run, directory);
                    Report(run, 1);
                    Note($"{run.Key}: {Describe(run)}");
                }
                catch (UserErrorException e)
                {
                    lock (gate)
                    {
                        failures.Add(e.Message);
                    }
                    Report(run, 1); // nothing more will come of it
                    Note($"failed: {e.Message}");
                }
            }
            stop.ThrowIfCancellationRequested();
        }

        void Report(ReproRun run, double share)
        {
            lock (gate)
            {
                shares[run.Key] = share * run.Cost;
                view.Update(new ProgressReading(before + shares.Values.Sum(), 0, []));
            }
        }
    }

    private string Describe(ReproRun run)
    {
        var finished = store.Find(run)!;
        return FormattableString.Invariant(
            $"{ReproMetric.Read(ReproMetric.Final, finished):0.0} % after {finished.TrainingSeconds:0} s of training"
        );
    }

    private void Note(string line)
    {
        lock (gate)
        {
            view.Note(line);
        }
    }
}
