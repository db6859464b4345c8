using Spectre.Console;

namespace Paws.Runner.Reporting;

/// <summary>Progress for a pipe or a log file: a plain line when a task begins and ends, and every few seconds between.</summary>
/// <param name="console">Where the lines go.</param>
/// <param name="every">Time between lines.</param>
/// <param name="clock">The clock.</param>
public sealed class PlainProgress(IAnsiConsole console, TimeSpan every, TimeProvider clock) : IProgressView
{
    private string? _task;
    private double _total;
    private double _before;
    private long _began;
    private long _lastLine;
    private ProgressReading _last;

    /// <inheritdoc />
    public void Begin(string task, double total, double done = 0)
    {
        (_task, _total, _before) = (task, total, done);
        _began = _lastLine = clock.GetTimestamp();
        _last = new ProgressReading(done, 0, []);
        console.WriteLine($"{task}: {(done > 0 ? $"continues at {ProgressText.Percent(done, total)} %" : "begins")}");
    }

    /// <inheritdoc />
    public void Update(ProgressReading reading)
    {
        _last = reading;
        if (_task is not null && clock.GetElapsedTime(_lastLine) >= every)
        {
            _lastLine = clock.GetTimestamp();
            var left = ProgressText.TimeLeft(clock.GetElapsedTime(_began), _before, reading.Done, _total);
            console.WriteLine(Line(left is { } time ? $"{ProgressText.Clock(time)} left" : ""));
        }
    }

    /// <inheritdoc />
    public void Note(string line) => console.WriteLine(line);

    /// <inheritdoc />
    public void End()
    {
        if (_task is not null)
        {
            console.WriteLine(Line($"took {ProgressText.Clock(clock.GetElapsedTime(_began))}"));
            _task = null;
        }
    }

    /// <inheritdoc />
    public void Dispose() => End();

    private string Line(string time)
    {
        string[] pieces =
        [
            $"{_task}: {ProgressText.Percent(_last.Done, _total)} %",
            ProgressText.Speed(_last.ImagesPerSecond),
            ProgressText.Parts(_last.Parts),
            time,
        ];
        return string.Join(", ", pieces.Where(piece => piece.Length > 0));
    }
}
