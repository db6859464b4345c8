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
    private readonly List<string> taken = [];
    private readonly Dictionary<string, double> shares = [];

    /// <summary>What failed, one line each.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>What is left to another process, which has it under way, one line each.</summary>
    public IReadOnlyList<string> Taken => taken;

    /// <summary>Works through the runs in their order, <paramref name="jobs"/> at a time. A run that fails does not keep the others from running.</summary>
    /// <exception cref="OperationCanceledException">Stopping was asked for; all runs under way have saved.</exception>
    public void Work(IReadOnlyList<ReproRun> runs, int jobs, CancellationToken stop)
    {
        ReproRun[] open = [.. runs.Where(run => store.Find(run) is null)];
        if (open.Length == 0)
        {
            return;
        }
        var (total, recorded) = (runs.Sum(r => r.Cost.Total), runs.Except(open).Sum(r => r.Cost.Total));
        foreach (var run in open)
        {
            shares[run.Key] = runner.Share(run, DirectoryOf(run)) * run.Cost.Total;
        }
        var waiting = new ConcurrentQueue<ReproRun>(open);
        view.Begin(open.Length == 1 ? "1 run" : $"{open.Length} runs", total, recorded + shares.Values.Sum());
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
                if (store.Find(run) is not null) // another process has recorded it meanwhile
                {
                    Report(run, 1);
                    continue;
                }
                var directory = DirectoryOf(run);
                Directory.CreateDirectory(work);
                try
                {
                    await runner.Run(run, directory, share => Report(run, share), stop).ConfigureAwait(false);
                    store.Keep(run, directory);
                    Report(run, 1);
                    Note($"{run.Key}: {Describe(run)}");
                }
                catch (RunTakenException e)
                {
                    Leave(run, taken, e, "left out");
                }
                catch (UserErrorException e)
                {
                    Leave(run, failures, e, "failed");
                }
            }
            stop.ThrowIfCancellationRequested();
        }

        void Leave(ReproRun run, List<string> list, Exception why, string word)
        {
            lock (gate)
            {
                list.Add(why.Message);
            }
            Report(run, 1); // nothing more will come of it here
            Note($"{word}: {why.Message}");
        }

        void Report(ReproRun run, double share)
        {
            lock (gate)
            {
                shares[run.Key] = share * run.Cost.Total;
                view.Update(new ProgressReading(recorded + shares.Values.Sum(), 0, []));
            }
        }
    }

    private string DirectoryOf(ReproRun run) => Path.Combine(work, run.Key);

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
