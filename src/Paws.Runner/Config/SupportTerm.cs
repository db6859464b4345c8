namespace Paws.Runner.Config;

/// <summary>
/// PAWS with SuNCEt of the supports is one method under two names: method.name paws+suncet, or paws with criterion.support_weight above 0.
/// A resolved configuration has the second, so that its numbers stand in one place.
/// </summary>
internal static class SupportTerm
{
    /// <summary>The weight where the method is named and its weight is not.</summary>
    private const double UsualWeight = 1;

    private const string Weight = "criterion.support_weight";

    /// <summary>
    /// The configuration with method and weight agreeing. Who names the method paws gets the published one, whatever weight a preset has;
    /// other methods and objectives of one's own have no such term.
    /// </summary>
    /// <param name="config">As loaded.</param>
    /// <param name="methodGiven">Whether the user named the method.</param>
    /// <param name="weightGiven">Whether the user gave the weight.</param>
    /// <param name="experiment">An objective in place of that of PAWS; null for none.</param>
    /// <exception cref="UserErrorException">The user gave a weight that what is trained cannot have.</exception>
    public static PawsConfig Resolve(PawsConfig config, bool methodGiven, bool weightGiven, Experiment? experiment)
    {
        var (name, weight) = (config.Method.Name, config.Criterion.SupportWeight);
        if (experiment is not null)
        {
            return weightGiven && weight > 0
                ? throw new UserErrorException(
                    $"{Weight}: the objective {experiment.Name} takes the place of that of PAWS and of its term for the supports; leave it out"
                )
                : With(config, name == TrainMethod.PawsSuncet ? TrainMethod.Paws : name, 0);
        }
        return name switch
        {
            TrainMethod.PawsSuncet when weightGiven && weight == 0 => throw new UserErrorException(
                $"method {TrainMethod.PawsSuncet} with {Weight}=0 is the published PAWS: name the method {TrainMethod.Paws}, or leave the weight out"
            ),
            TrainMethod.PawsSuncet => With(config, TrainMethod.Paws, weight > 0 ? weight : UsualWeight),
            TrainMethod.Paws => methodGiven && !weightGiven ? With(config, name, 0) : config,
            _ when weightGiven && weight > 0 => throw new UserErrorException(
                $"{Weight}: method {name} has no such term; leave it out, or name the method {TrainMethod.PawsSuncet}"
            ),
            _ => With(config, name, 0),
        };
    }

    private static PawsConfig With(PawsConfig config, string method, double weight) =>
        config with
        {
            Method = config.Method with { Name = method },
            Criterion = config.Criterion with { SupportWeight = weight },
        };
}
