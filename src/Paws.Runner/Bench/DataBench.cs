using Paws.Data.Loading;
using Paws.Runner.Training;

namespace Paws.Runner.Bench;

/// <summary>The loader of a run, with its workers, samplers and batches, when nobody trains.</summary>
internal sealed class DataBench : IDisposable
{
    private readonly BatchLoader loader;

    /// <summary>Starts the loader.</summary>
    public DataBench(RunSetting run)
    {
        var planner = run.Plans.Paws(default);
        loader = run.OpenLoader(planner.At, 0);
    }

    /// <summary>Takes a batch and gives it back.</summary>
    /// <returns>Its views, and its images (a sample counts once a batch).</returns>
    public (int Views, int Images) Step(CancellationToken stop)
    {
        using var batch = loader.Next(stop)!;
        var rows = batch.Plan.Groups.SelectMany(group => group.Rows);
        return (rows.Count(), rows.Select(row => row.Sample).Distinct().Count());
    }

    /// <inheritdoc />
    public void Dispose() => loader.Dispose();
}
