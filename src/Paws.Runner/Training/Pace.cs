using System.Diagnostics;
using TorchSharp;

namespace Paws.Runner.Training;

/// <summary>How long a step of a phase takes here, by trying. The phase is of no use afterwards.</summary>
internal static class Pace
{
    private const int WarmUp = 5;
    private const int Timed = 25;

    /// <summary>Mean seconds of a step, once warm.</summary>
    public static double SecondsPerStep(RunSetting run, IPhase phase)
    {
        using var loader = run.OpenLoader(step => step < WarmUp + Timed ? phase.Plan(step) : null, 0);
        phase.Encoder.Train();
        var clock = new Stopwatch();
        for (var step = 0; step < WarmUp + Timed; step++)
        {
            if (step == WarmUp)
            {
                clock.Start();
            }
            using var scope = torch.NewDisposeScope();
            using var batch = loader.Next()!;
            var output = phase.Loss(run.ToDevice(batch), batch.Plan, diagnose: false);
            phase.Parameters.ZeroGrad();
            output.Loss.backward();
            phase.Update(step);
            output.Loss.cpu().item<float>();
        }
        return clock.Elapsed.TotalSeconds / Timed;
    }
}
