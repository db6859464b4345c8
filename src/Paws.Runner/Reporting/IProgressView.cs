namespace Paws.Runner.Reporting;

/// <summary>Shows a person how far a long task is. One task at a time; calls come from one thread.</summary>
public interface IProgressView : IDisposable
{
    /// <summary>Starts a task.</summary>
    /// <param name="task">A word or two, such as <c>PAWS</c> or <c>baseline</c>.</param>
    /// <param name="total">How much there is to do: steps, images or seconds; positive.</param>
    /// <param name="done">How much of it was done before, in a continued run.</param>
    void Begin(string task, double total, double done = 0);

    /// <summary>Tells where the task is. Cheap enough to call every step.</summary>
    void Update(ProgressReading reading);

    /// <summary>A line that stays, above whatever moves.</summary>
    void Note(string line);

    /// <summary>Ends the task, done or not.</summary>
    void End();
}

/// <summary>A moment of a task.</summary>
/// <param name="Done">How much has been done, in the unit of the total.</param>
/// <param name="ImagesPerSecond">Speed over the last while; 0 when not known yet.</param>
/// <param name="Parts">
/// Named figures to show, most important first: <c>loss</c>, then its parts. A view with little room leaves out the last ones.
/// </param>
public readonly record struct ProgressReading(double Done, double ImagesPerSecond, IReadOnlyList<KeyValuePair<string, double>> Parts);
