namespace Paws.Runner.Repro;

/// <summary>Takes a run of a plan to its end.</summary>
internal interface IRunner
{
    /// <summary>Trains in a directory, going on where an earlier try there stopped.</summary>
    /// <param name="run">What to train.</param>
    /// <param name="directory">The run directory; afterwards it holds the result.</param>
    /// <param name="done">Told now and then which share of the run is done, in [0, 1].</param>
    /// <param name="stop">Asks to save and end.</param>
    /// <exception cref="UserErrorException">The run failed; one line says why.</exception>
    /// <exception cref="RunTakenException">Another plan has it under way.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    Task Run(ReproRun run, string directory, Action<double> done, CancellationToken stop);

    /// <summary>The share of a run that earlier tries in a directory have behind them, in [0, 1].</summary>
    double Share(ReproRun run, string directory);
}
