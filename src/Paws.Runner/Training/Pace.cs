using System.Diagnostics;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>How long a step of a phase takes here, by trying. The phase is of no use afterwards.</summary>
internal static class Pace
{
    private const int WarmUp = 15;
    private const int Timed = 45;

    /// <summary>Seconds of a step of all ranks together, once warm: the median, which a hiccup of the machine does not move.</summary>
    public static double SecondsPerStep(RunSetting run, IPhase phase)
    {
        using var loader = run.OpenLoader(step => step < WarmUp + Timed ? phase.Plan(step) : null, 0);
        using var uploads = new Uploads(run.Device);
        phase.Encoder.Train();
        var seconds = new List<double>();
        for (var step = 0; step < WarmUp + Timed; step++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var scope = torch.NewDisposeScope();
            run.Stop.ThrowIfCancellationRequested();
            var batch = loader.Next(run.Stop)!;
            var output = phase.Loss(uploads.Take(batch), batch.Plan, diagnose: false);
            phase.Parameters.ZeroGrad();
            output.Loss.backward();
            run.Ranks.Sum(phase.Parameters.Gradients);
            phase.Update(step);
            output.Loss.cpu().item<float>();
            if (step >= WarmUp)
            {
                seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
            }
        }
        return Median.Of(seconds);
    }
}
