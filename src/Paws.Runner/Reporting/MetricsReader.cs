namespace Paws.Runner.Reporting;

/// <summary>Reads metrics.jsonl back.</summary>
public static class MetricsReader
{
    /// <summary>
    /// All lines of the run's metrics.jsonl; empty when there is no such file. A line that cannot be read (the last one of a run
    /// that was killed) is left out, and of two evaluations after the same step the later one counts.
    /// </summary>
    public static MetricsLog Read(string runDirectory)
    {
        string path = Path.Combine(runDirectory, MetricsWriter.FileName);
        return File.Exists(path) ? Parse(File.ReadLines(path)) : MetricsLog.Empty;
    }

    /// <summary>The same from lines.</summary>
    public static MetricsLog Parse(IEnumerable<string> lines)
    {
        var steps = new List<StepMetrics>();
        var evaluations = new List<EvaluationMetrics>();
        foreach (string line in lines)
        {
            switch (MetricsLine.Parse(line))
            {
                case StepMetrics step:
                    steps.Add(step);
                    break;
                case EvaluationMetrics evaluation:
                    evaluations.RemoveAll(e => e.Phase == evaluation.Phase && e.Step == evaluation.Step);
                    evaluations.Add(evaluation);
                    break;
            }
        }
        return new MetricsLog(steps, evaluations);
    }
}
