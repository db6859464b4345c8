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
    /// other methods and objectives of one's own have no such term. A preset may do without ME-Max where it has the term; without the term
    /// ME-Max is as published again.
    /// </summary>
    /// <param name="config">As loaded.</param>
    /// <param name="methodGiven">Whether the user named the method.</param>
    /// <param name="weightGiven">Whether the user gave the weight.</param>
    /// <param name="meMaxOfPreset">Whether it was the preset that said whether there is ME-Max.</param>
    /// <param name="experiment">An objective in place of that of PAWS; null for none.</param>
    /// <exception cref="UserErrorException">The user gave a weight that what is trained cannot have.</exception>
    public static PawsConfig Resolve(PawsConfig config, bool methodGiven, bool weightGiven, bool meMaxOfPreset, Experiment? experiment)
    {
        var (name, weight) = (config.Method.Name, config.Criterion.SupportWeight);
        if (experiment is not null)
        {
            return weightGiven && weight > 0
                ? throw new UserErrorException(
                    $"{Weight}: the objective {experiment.Name} takes the place of that of PAWS and of its term for the supports; leave it out"
                )
                : With(name == TrainMethod.PawsSuncet ? TrainMethod.Paws : name, 0);
        }
        return name switch
        {
            TrainMethod.PawsSuncet when weightGiven && weight == 0 => throw new UserErrorException(
                $"method {TrainMethod.PawsSuncet} with {Weight}=0 is the published PAWS: name the method {TrainMethod.Paws}, or leave the weight out"
            ),
            TrainMethod.PawsSuncet => With(TrainMethod.Paws, weight > 0 ? weight : UsualWeight),
            TrainMethod.Paws => With(name, methodGiven && !weightGiven ? 0 : weight),
            _ when weightGiven && weight > 0 => throw new UserErrorException(
                $"{Weight}: method {name} has no such term; leave it out, or name the method {TrainMethod.PawsSuncet}"
            ),
            _ => With(name, 0),
        };

        PawsConfig With(string method, double weight) =>
            config with
            {
                Method = config.Method with { Name = method },
                Criterion = config.Criterion with
                {
                    SupportWeight = weight,
                    MeMax = config.Criterion.MeMax || (meMaxOfPreset && weight == 0),
                },
            };
    }
}
