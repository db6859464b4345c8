namespace Paws.Runner.Reporting;

/// <summary>Shows (done, total) counts that come from any thread, as the data sets report them, as a task of a view.</summary>
/// <param name="view">Where it is shown.</param>
/// <param name="task">The task's name.</param>
public sealed class CountingProgress(IProgressView view, string task) : IDisposable
{
    private readonly Lock _gate = new();
    private int _last;
    private bool _begun;

    /// <summary>The callback to hand to the data set. The task begins with the first call, so that nothing shows for work that was cached.</summary>
    public void Report(int done, int total)
    {
        lock (_gate)
        {
            if (!_begun && total > 0)
            {
                view.Begin(task, total);
                _begun = true;
            }
            // Threads may overtake one another between counting and reporting.
            if (_begun && done > _last)
            {
                _last = done;
                view.Update(new ProgressReading(done, 0, []));
            }
        }
    }

    /// <summary>Ends the task if it began.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_begun)
            {
                view.End();
                _begun = false;
            }
        }
    }
}
