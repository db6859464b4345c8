namespace Paws.Reference

open MathNet.Numerics.LinearAlgebra

/// The soft nearest-neighbours classifier, its labels, and its evaluation.
[<RequireQualifiedAccess>]
module Classifier =

    /// x / max(‖x‖, 1e-12).
    let unit (x: Vector<float>) = x / max (x.L2Norm()) 1e-12

    /// Cosines of the rows of a with the rows of b.
    let cosines (a: Matrix<float>) (b: Matrix<float>) =
        Distributions.mapRows unit a * (Distributions.mapRows unit b).Transpose()

    /// π(q | S) = Σⱼ softmax_j(cos(q, sⱼ)/τ) yⱼ.
    let classify temperature (supports: Matrix<float>) (labels: Matrix<float>) (queries: Matrix<float>) =
        (cosines queries supports / temperature
         |> Distributions.mapRows Distributions.softmax)
        * labels

    /// Smoothed labels in sampler order, class after class and again, worker by worker.
    let labels classes imagesPerClass workers unique smoothing =
        let columns = workers * classes
        let known = if unique then columns else classes

        Matrix<float>
            .Build.Dense(
                workers * classes * imagesPerClass,
                columns,
                fun row column ->
                    let worker, within =
                        row / (classes * imagesPerClass), row % (classes * imagesPerClass)

                    let own = within % classes + (if unique then worker * classes else 0)

                    (if column = own then 1.0 - smoothing else 0.0)
                    + (if column < known then smoothing / float known else 0.0)
            )

    /// The share of rows whose label is among the k largest; of equal values the earlier column goes first.
    let topK k (probabilities: Matrix<float>) (labels: int[]) =
        probabilities.EnumerateRows()
        |> Seq.mapi (fun i row ->
            let ranked =
                Seq.init row.Count id |> Seq.sortBy (fun c -> -row[c], c) |> Seq.truncate k

            if Seq.contains labels[i] ranked then 1.0 else 0.0)
        |> Seq.average
