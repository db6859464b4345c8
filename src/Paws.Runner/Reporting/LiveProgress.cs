using Spectre.Console;
using Spectre.Console.Rendering;

namespace Paws.Runner.Reporting;

/// <summary>Progress on a terminal: one moving line with a bar, percent, speed, loss parts and time left.</summary>
/// <param name="console">An interactive console.</param>
/// <param name="clock">The clock.</param>
public sealed class LiveProgress(IAnsiConsole console, TimeProvider clock) : IProgressView
{
    private readonly Lock _gate = new();
    private ProgressReading _reading;
    private double _total;
    private double _before;
    private long _began;
    private ProgressTask? _task;
    private TaskCompletionSource? _ended;
    private Task? _display;

    /// <inheritdoc />
    public void Begin(string task, double total, double done = 0)
    {
        End();
        lock (_gate)
        {
            (_total, _before, _began) = (total, done, clock.GetTimestamp());
            _reading = new ProgressReading(done, 0, []);
        }
        var ended = _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ProgressColumn[] columns =
        [
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn { Width = 20 },
            new PercentageColumn(),
            new TextColumn(this),
        ];
        var started = new TaskCompletionSource<ProgressTask>(TaskCreationOptions.RunContinuationsAsynchronously);
        _display = Task.Run(() =>
            console
                .Progress()
                .Columns(columns)
                .StartAsync(async context =>
                {
                    started.SetResult(context.AddTask(Markup.Escape(task), maxValue: total));
                    await ended.Task.ConfigureAwait(false);
                })
        );
        // The display's own failure, a terminal that went away, must not hang the training.
        Task.WhenAny(started.Task, _display).GetAwaiter().GetResult();
        _task = started.Task.IsCompletedSuccessfully ? started.Task.Result : null;
        _task?.Value(done);
    }

    /// <inheritdoc />
    public void Update(ProgressReading reading)
    {
        lock (_gate)
        {
            _reading = reading;
        }
        _task?.Value(Math.Min(reading.Done, _total));
    }

    /// <inheritdoc />
    public void Note(string line) => console.WriteLine(line);

    /// <inheritdoc />
    public void End()
    {
        _task?.StopTask();
        _task = null;
        _ended?.TrySetResult();
        _ended = null;
        // Waits for the last drawing; what went wrong with drawing is of no interest to anyone.
        _display?.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        _display = null;
    }

    /// <inheritdoc />
    public void Dispose() => End();

    private string Text(int width)
    {
        ProgressReading reading;
        TimeSpan? left;
        lock (_gate)
        {
            reading = _reading;
            left = ProgressText.TimeLeft(clock.GetElapsedTime(_began), _before, reading.Done, _total);
        }
        int room = width < 100 ? 1 : int.MaxValue;
        string[] pieces =
        [
            ProgressText.Speed(reading.ImagesPerSecond),
            ProgressText.Parts(reading.Parts, room),
            left is { } time ? $"{ProgressText.Clock(time)} left" : "",
        ];
        return string.Join("  ", pieces.Where(piece => piece.Length > 0));
    }

    private sealed class TextColumn(LiveProgress owner) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(owner.Text(options.ConsoleSize.Width)).Overflow(Overflow.Ellipsis);
    }
}
