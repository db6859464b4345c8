namespace Paws.Data.Datasets;

/// <summary>Counts work done on several threads and reports it about a hundred times.</summary>
internal sealed class Steps(int total, Action<int, int>? report)
{
    private readonly int stride = Math.Max(1, total / 100);
    private int done;

    /// <summary>One more is done.</summary>
    public void Advance()
    {
        var now = Interlocked.Increment(ref done);
        if (report is not null && (now % stride == 0 || now == total))
        {
            report(now, total);
        }
    }
}
