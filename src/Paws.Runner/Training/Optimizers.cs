using Paws.Model;

namespace Paws.Runner.Training;

/// <summary>Optimiser settings from the few numbers that the configuration holds.</summary>
internal static class Optimizers
{
    /// <summary>LARS as published, with these settings.</summary>
    public static LarsOptions Lars(double momentum, double weightDecay, bool nesterov) =>
        new(momentum, weightDecay, nesterov, useLars: true, LarsOptions.Default.TrustCoefficient, LarsOptions.Default.Epsilon);

    /// <summary>SGD with Nesterov momentum.</summary>
    public static LarsOptions Sgd(double momentum, double weightDecay = 0) =>
        new(momentum, weightDecay, nesterov: true, useLars: false, LarsOptions.Default.TrustCoefficient, LarsOptions.Default.Epsilon);

    /// <summary>AdamW with its usual moments and this weight decay.</summary>
    public static AdamWOptions AdamW(double weightDecay)
    {
        var usual = AdamWOptions.Default;
        return new(usual.Beta1, usual.Beta2, usual.Epsilon, weightDecay);
    }
}
